/** How scheduling as a whole is: whether it is on, when it looked last, what is due next, and pausing all of it. */
import type { ComponentChildren } from 'preact';
import type { SchedulerView } from '../../../supervisor/schedules-facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { plannedTime } from '../planned-time.ts';
import { pausing, resuming } from '../schedule-actions.ts';
import { mayOperate } from '../session.ts';
import { Icon } from './icon.tsx';
import { howPaused } from './pauses.tsx';
import { Ahead, PlannedTime } from './planned-time.tsx';
import { Word } from './state-word.tsx';

export function SchedulerHealth({ scheduler }: { scheduler: SchedulerView }) {
  const words = say().schedules.scheduler;
  return (
    <>
      {!scheduler.enabled && (
        <div class="notice warning">
          <Icon name="warning" />
          <p class="notice-text">{words.offText}</p>
        </div>
      )}
      <PausedNotice scheduler={scheduler} />
      <section class="panel scheduler" aria-label={words.title}>
        <Facts scheduler={scheduler} />
        {mayOperate.value && !scheduler.paused && (
          <button
            type="button"
            onClick={() => {
              pausing.value = { allIn: scheduler.timezone };
            }}
          >
            <Icon name="pause" />
            {words.pause}
          </button>
        )}
      </section>
    </>
  );
}

function Facts({
  scheduler: { enabled, paused, lookedAt, nextAt, schedules, timezone },
}: {
  scheduler: SchedulerView;
}) {
  const words = say().schedules.scheduler;
  const facts: readonly (readonly [string, ComponentChildren])[] = [
    [words.state, <StateOfAll key="state" enabled={enabled} paused={paused !== null} />],
    [words.lookedAt, lookedAt === null ? words.notYet : <PlannedTime at={lookedAt} zone={timezone} />],
    [
      words.nextAt,
      nextAt === null || paused || !enabled ? (
        words.nothing
      ) : (
        <>
          <PlannedTime at={nextAt} zone={timezone} />{' '}
          <span class="muted">
            <Ahead at={nextAt} />
          </span>
        </>
      ),
    ],
    [words.number, number(schedules)],
    [words.zone, timezone],
  ];
  return (
    <dl>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function StateOfAll({ enabled, paused }: { enabled: boolean; paused: boolean }) {
  const words = say().schedules.scheduler;
  if (!enabled) return <Word icon="warning" tone="warn" word={words.off} />;
  return paused ? (
    <Word icon="pause" tone="warn" word={words.paused} />
  ) : (
    <Word icon="succeeded" tone="good" word={words.on} />
  );
}

function PausedNotice({ scheduler: { paused, timezone } }: { scheduler: SchedulerView }) {
  if (!paused) return null;
  const words = say().schedules.scheduler;
  const { reason, until, by, since } = paused;
  const timeOf = (at: string) => plannedTime(Date.parse(at), timezone, now.value);
  return (
    <section class="notice warning" aria-label={words.pausedTitle}>
      <Icon name="pause" />
      <div class="notice-text">
        <p>
          <strong>{reason === '' ? words.pausedTitle : `${words.pausedTitle}:`}</strong> {reason}
        </p>
        <p class="muted">
          {words.pausedHow(howPaused(by), timeOf(since))} {until === null ? words.noUntil : words.until(timeOf(until))}{' '}
          {words.pausedText}
        </p>
      </div>
      {mayOperate.value && (
        <button
          type="button"
          onClick={() => {
            resuming.value = { allIn: timezone };
          }}
        >
          <Icon name="resume" />
          {words.resume}
        </button>
      )}
    </section>
  );
}
