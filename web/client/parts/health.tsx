/** What the reader must know before anything else: health items with what to do, a recovery. */
import { useSignal } from '@preact/signals';
import type { HealthItem, StatusView } from '../../../supervisor/facade.ts';
import { duration, time, timeInFull } from '../format.ts';
import { keep, kept } from '../kept.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { Icon } from './icon.tsx';
import { SeverityWord } from './state-word.tsx';
import { Time } from './time.tsx';

const SEVEREST_FIRST = ['error', 'warning', 'info'] as const;

export function HealthList({ status }: { status: StatusView }) {
  const words = say().overview;
  if (status.health.length === 0) return <Well since={status.startedAt} />;
  const items = [...status.health].sort(
    (a, b) => SEVEREST_FIRST.indexOf(a.severity) - SEVEREST_FIRST.indexOf(b.severity),
  );
  return (
    <section class="health" aria-label={words.health}>
      {items.map((item) => (
        <HealthNotice key={item.code} item={item} />
      ))}
    </section>
  );
}

export function HealthNotice({ item }: { item: HealthItem }) {
  return (
    <div class={`notice ${item.severity}`}>
      <SeverityWord severity={item.severity} />
      <div class="notice-text">
        <p>
          <strong>{item.message}</strong>{' '}
          <span class="muted">
            {say().overview.since} <Time at={item.since} />
          </span>
        </p>
        <p>{item.action}</p>
      </div>
    </div>
  );
}

function Well({ since }: { since: string }) {
  const words = say().overview;
  const at = Date.parse(since);
  return (
    <p class="well" title={timeInFull(at)}>
      <span class="word good">
        <Icon name="succeeded" />
        {words.well}
      </span>
      <span class="muted">{words.wellText(time(at, now.value))}</span>
    </p>
  );
}

const recoveryShownMs = 24 * 3_600_000;
/** The start whose recovery the reader has put away. */
const readKey = 'recovery-read';

interface RecoveredProps {
  recovered: NonNullable<StatusView['recovered']>;
  startedAt: string;
}

/** For a day after the start; an orderly restart that cut nothing is no news. */
export function RecoveredNotice({ recovered, startedAt }: RecoveredProps) {
  const words = say().overview;
  const started = Date.parse(startedAt);
  const read = useSignal(kept(readKey, [startedAt], ''));
  const dismiss = () => {
    read.value = startedAt;
    keep(readKey, startedAt);
  };
  if (read.value === startedAt || now.value - started > recoveryShownMs || (recovered.clean && recovered.tasks === 0))
    return null;
  const { stoppedAt, downMs, clean } = recovered;
  const at = stoppedAt === null ? null : Date.parse(stoppedAt);
  const how = clean ? words.recoveredStop : words.recoveredCrash;
  return (
    <div class="notice info" title={at === null ? undefined : timeInFull(at)}>
      <Icon name="recovered" />
      <p class="notice-text">
        <strong>{words.recovered(recovered.tasks)}</strong>{' '}
        {at === null ? words.recoveredUnknown : how(time(at, now.value), duration(downMs))}
      </p>
      <button
        type="button"
        class="quiet icon-only"
        aria-label={say().do.dismiss}
        title={say().do.dismiss}
        onClick={dismiss}
      >
        <Icon name="cancel" />
      </button>
    </div>
  );
}
