/** A curve in the size of a word; the newest value is at its right edge. What it says is said in words beside it as well. */
const width = 240;
const height = 40;
const pen = 1.5;

/** Room above the highest value, so that an even curve is not a full box. */
const roomAbove = 1.25;

interface SparkProps {
  values: readonly number[];
  /** Values a full curve has; a shorter one begins further right. */
  room: number;
  label: string;
}

export function Spark({ values, room, label }: SparkProps) {
  const most = Math.max(1, ...values) * roomAbove;
  const across = width / (room - 1);
  const left = width - (values.length - 1) * across;
  const y = (value: number) => (height - pen - (value / most) * (height - 2 * pen)).toFixed(1);
  const line = values.map((value, index) => `${(left + index * across).toFixed(1)},${y(value)}`).join(' ');
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
      <polygon points={`${left.toFixed(1)},${height} ${line} ${width},${height}`} />
      <polyline points={line} />
    </svg>
  );
}
