/** When a run has ended and how long it took; of one under way, when it will if it goes on as it has so far. */
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { duration, timeInFull } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { Span } from './time.tsx';

const minuteMs = 60_000;

/** Nobody counts seconds of an estimate. */
function aboutLeft(ms: number): string {
  return duration(
    ms < 2 * minuteMs ? Math.max(1, Math.ceil(ms / 1_000)) * 1_000 : Math.round(ms / minuteMs) * minuteMs,
  );
}

export function RunEnd({ run: { startedAt, finishedAt, estimatedEndAt } }: { run: RunRecord }) {
  const words = say().runs;
  if (startedAt === null) return <span class="muted">–</span>;
  if (finishedAt !== null) return <Span from={startedAt} to={finishedAt} />;
  if (estimatedEndAt === null) return <Span from={startedAt} to={null} />;
  const at = Date.parse(estimatedEndAt);
  return (
    <time class="muted" dateTime={estimatedEndAt} title={`${words.ends} ${timeInFull(at)}`}>
      {words.within(aboutLeft(at - now.value))}
    </time>
  );
}
