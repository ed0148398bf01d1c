/** How far the tasks of a stage are, as a bar; the same is said in words. */
import type { CountsRecord } from '../../../supervisor/core/run/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';

export const COUNT_NAMES = ['succeeded', 'failed', 'canceled', 'running', 'waiting'] as const;
export type CountName = (typeof COUNT_NAMES)[number];

const width = 100;
const height = 8;
/** One failed of a thousand must be seen. */
const partWidthMin = 2;

export function countsText(counts: CountsRecord): string {
  const words = say().runs;
  const some = COUNT_NAMES.filter((name) => counts[name] > 0);
  return some.map((name) => `${number(counts[name])} ${words.counts[name]}`).join(', ') || words.nothingYet;
}

interface Part {
  readonly name: CountName;
  readonly from: number;
  readonly wide: number;
}

function partsOf(counts: CountsRecord): readonly Part[] {
  const some = COUNT_NAMES.filter((name) => counts[name] > 0);
  const wide = some.map((name) => Math.max(partWidthMin, (counts[name] / counts.accepted) * width));
  const sum = wide.reduce((all, one) => all + one, 0);
  let from = 0;
  return some.map((name, index) => {
    const part = { name, from, wide: ((wide[index] ?? 0) / sum) * width };
    from += part.wide;
    return part;
  });
}

export function StageMeter({ name, counts }: { name: string; counts: CountsRecord }) {
  const label = say().runs.stageSays(name, countsText(counts));
  return (
    <svg
      class="stage-meter"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <rect class="ground" width={width} height={height} />
      {partsOf(counts).map((part) => (
        <rect key={part.name} class={part.name} x={part.from} width={part.wide} height={height} />
      ))}
    </svg>
  );
}
