/** How fast attempts finish and how many tasks wait: the figures, and their curve since the page was opened. */

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { StatusView } from '../../../supervisor/facade.ts';
import { duration, number, rate } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { Spark } from './spark.tsx';
import { Time } from './time.tsx';

interface Sample {
  readonly at: number;
  readonly perMinute: number;
  readonly depth: number;
}
const samples = signal<readonly Sample[]>([]);
const sampleEveryMs = 2_000;
const samplesMax = 150;

function waitingIn({ counts }: StatusView): number {
  return counts.queued + counts.retrying + counts.scheduled;
}

function sample(status: StatusView): void {
  const last = samples.peek().at(-1);
  const at = Date.now();
  if (last && at - last.at < sampleEveryMs) return;
  const next = { at, perMinute: status.throughput.perMinute1, depth: waitingIn(status) };
  samples.value = [...samples.peek(), next].slice(-samplesMax);
}

export function Flow({ status }: { status: StatusView | null }) {
  useEffect(() => {
    if (status) sample(status);
  }, [status]);
  const words = say().overview;
  return (
    <section class="panel flow" aria-label={words.throughput}>
      <div>
        <Curve
          title={words.throughput}
          figure={status ? rate(status.throughput.perMinute1) : '–'}
          unit={words.throughputUnit}
          values={samples.value.map((one) => one.perMinute)}
        />
        <Rates status={status} />
      </div>
      <div>
        <Curve
          title={words.depth}
          figure={status ? number(waitingIn(status)) : '–'}
          unit={
            status
              ? words.depthText(number(status.counts.queued), number(waitingIn(status) - status.counts.queued))
              : ''
          }
          values={samples.value.map((one) => one.depth)}
        />
        <NextDue at={status?.nextDueAt ?? null} />
      </div>
    </section>
  );
}

function Curve({
  title,
  figure,
  unit,
  values,
}: {
  title: string;
  figure: string;
  unit: string;
  values: readonly number[];
}) {
  const low = rate(Math.min(...values));
  const high = rate(Math.max(...values));
  return (
    <div class="curve">
      <h2>{title}</h2>
      <p class="curve-figure">
        <strong>{figure}</strong> <span class="muted">{unit}</span>
      </p>
      {values.length > 0 && <Spark values={values} room={samplesMax} label={say().overview.chart(title, low, high)} />}
    </div>
  );
}

function Rates({ status }: { status: StatusView | null }) {
  const words = say().overview;
  const spans = [
    [5, status?.throughput.perMinute5],
    [60, status?.throughput.perMinute60],
  ] as const;
  return (
    <dl class="rates">
      {spans.map(([minutes, value]) => (
        <div key={minutes}>
          <dt>{words.last(duration(minutes * 60_000))}</dt>
          <dd>{value === undefined ? '–' : words.perMinute(rate(value))}</dd>
        </div>
      ))}
    </dl>
  );
}

function NextDue({ at }: { at: string | null }) {
  const due = at === null ? null : Date.parse(at) - now.value;
  return (
    <dl class="rates">
      <div>
        <dt>{say().overview.nextDue}</dt>
        <dd>
          <Time at={at} />
          {due !== null && due > 0 && <span class="muted"> · {duration(Math.ceil(due / 1_000) * 1_000)}</span>}
        </dd>
      </div>
    </dl>
  );
}
