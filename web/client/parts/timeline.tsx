/**
 * Attempts on a line of time, from the task's creation to its end or now. Waiting is a thin line, an attempt a bar
 * with its number.
 */
import type { AttemptView } from '../../../supervisor/core/record.ts';
import type { TaskView } from '../../../supervisor/facade.ts';
import { duration } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { outcomeTone } from './state-word.tsx';
import { axisHeight, barOf, type Scale, scaleOf, TimeAxis, useWidth } from './time-axis.tsx';

const barTop = 8;
const barHeight = 20;
const axisTop = barTop + barHeight + 4;
const height = axisTop + axisHeight;
const barWidthMin = 4;
const numberFitsFrom = 16;

function spanOf({ createdAt, attempts, runAt }: TaskView): readonly [from: number, to: number] {
  const [first, last] = [attempts[0], attempts.at(-1)];
  const ended = last?.finishedAt ? Date.parse(last.finishedAt) : now.value;
  const from = Math.min(Date.parse(createdAt), first ? Date.parse(first.startedAt) : Infinity);
  return [from, Math.max(ended, runAt ? Date.parse(runAt) : 0)];
}

export function Timeline({ task }: { task: TaskView }) {
  const { self, width } = useWidth();
  const [from, to] = spanOf(task);
  const scale = scaleOf(from, to, width);
  const label = say().task.timeline(task.attempts.length);
  const middle = barTop + barHeight / 2;
  return (
    <div class="timeline" ref={self}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
        <title>{label}</title>
        <line class="waiting" x1={scale.x(from)} x2={scale.x(scale.to)} y1={middle} y2={middle} />
        {task.attempts.map((attempt) => (
          <Bar key={attempt.number} attempt={attempt} scale={scale} />
        ))}
        <TimeAxis scale={scale} top={axisTop} />
      </svg>
    </div>
  );
}

function Bar({ attempt, scale }: { attempt: AttemptView; scale: Scale }) {
  const began = Date.parse(attempt.startedAt);
  const ended = Math.max(began, attempt.finishedAt ? Date.parse(attempt.finishedAt) : now.value);
  const { left, wide } = barOf(scale, began, ended, barWidthMin);
  const word = say().outcomes[attempt.outcome ?? 'running'];
  return (
    <g class={`bar ${outcomeTone(attempt.outcome)}`}>
      <title>{`${attempt.number}: ${word}, ${duration(ended - began)}`}</title>
      <rect x={left} y={barTop} width={wide} height={barHeight} rx={3} />
      {wide >= numberFitsFrom && (
        <text x={left + wide / 2} y={barTop + barHeight / 2} text-anchor="middle" dominant-baseline="central">
          {attempt.number}
        </text>
      )}
    </g>
  );
}
