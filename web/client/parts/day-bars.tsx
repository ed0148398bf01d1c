/** One bar a day in the size of a word: how many ended, what failed of them below; the newest at the right edge. */
interface Day {
  readonly day: string;
  readonly finished: number;
  readonly failed: number;
}

const height = 24;
const step = 8;
const gap = 2;
const partMin = 2;
const dayMs = 86_400_000;

function place(day: string): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / dayMs);
}

/** @param from first day, `YYYY-MM-DD` @param to last day */
export function DayBars({ days, from, to, label }: { days: readonly Day[]; from: string; to: string; label: string }) {
  const first = place(from);
  const width = (place(to) - first + 1) * step;
  const most = Math.max(1, ...days.map(({ finished }) => finished));
  const high = (count: number) => (count === 0 ? 0 : Math.max(partMin, (count / most) * (height - 1)));
  return (
    <svg class="day-bars" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
      {days.map(({ day, finished, failed }) => {
        const x = (place(day) - first) * step + gap / 2;
        const bad = high(failed);
        const good = Math.max(0, high(finished) - bad);
        return (
          <g key={day}>
            <rect class="good" x={x} width={step - gap} y={height - bad - good} height={good} />
            <rect class="bad" x={x} width={step - gap} y={height - bad} height={bad} />
          </g>
        );
      })}
    </svg>
  );
}
