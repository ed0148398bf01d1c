/**
 * Attempts on a line of time, from the task's creation to its end or now. Waiting is a thin line, an attempt a bar
 * with its number; a very short attempt is still wide enough to be seen. Clocks that jumped cannot turn a bar around.
 */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { AttemptView } from '../../../supervisor/core/record.ts';
import type { TaskView } from '../../../supervisor/facade.ts';
import { duration, time } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { outcomeTone } from './state-word.tsx';

const height = 56;
const barTop = 8;
const barHeight = 20;
const edge = 1;
const barWidthMin = 4;
const numberFitsFrom = 16;
const labelWidth = 110;
/** A shorter line is told in time since its beginning, because its ends are the same minute. */
const offsetsBelowMs = 60_000;

/** The width in pixels, so that text is not stretched with the bars. */
function useWidth() {
  const self = useRef<HTMLDivElement>(null);
  const width = useSignal(600);
  useEffect(() => {
    if (!self.current) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) width.value = Math.max(200, Math.floor(entry.contentRect.width));
    });
    observer.observe(self.current);
    return () => observer.disconnect();
  }, [width]);
  return { self, width: width.value };
}

interface Scale {
  readonly from: number;
  readonly to: number;
  x(at: number): number;
}

function scaleOf(task: TaskView, width: number): Scale {
  const last = task.attempts.at(-1);
  const ended = last?.finishedAt ? Date.parse(last.finishedAt) : now.value;
  const first = task.attempts[0];
  const from = Math.min(Date.parse(task.createdAt), first ? Date.parse(first.startedAt) : Infinity);
  const next = task.runAt ? Date.parse(task.runAt) : 0;
  const to = Math.max(ended, next, from + 1);
  const inner = width - 2 * edge;
  return { from, to, x: (at) => edge + (Math.min(to, Math.max(from, at)) - from) * (inner / (to - from)) };
}

export function Timeline({ task }: { task: TaskView }) {
  const { self, width } = useWidth();
  const scale = scaleOf(task, width);
  const label = say().task.timeline(task.attempts.length);
  return (
    <div class="timeline" ref={self}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={label}>
        <title>{label}</title>
        <line class="waiting" x1={edge} x2={width - edge} y1={barTop + barHeight / 2} y2={barTop + barHeight / 2} />
        {task.attempts.map((attempt) => (
          <Bar key={attempt.number} attempt={attempt} scale={scale} width={width} />
        ))}
        <Axis scale={scale} width={width} />
      </svg>
    </div>
  );
}

function Bar({ attempt, scale, width }: { attempt: AttemptView; scale: Scale; width: number }) {
  const began = Date.parse(attempt.startedAt);
  const ended = Math.max(began, attempt.finishedAt ? Date.parse(attempt.finishedAt) : now.value);
  const wide = Math.max(barWidthMin, scale.x(ended) - scale.x(began));
  const left = Math.min(scale.x(began), width - edge - wide);
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

/** Both ends and as many moments between them as have room. */
function Axis({ scale, width }: { scale: Scale; width: number }) {
  const ticks = Math.max(1, Math.floor(width / labelWidth) - 1);
  return Array.from({ length: ticks + 1 }, (_, index) => {
    const at = scale.from + ((scale.to - scale.from) * index) / ticks;
    const anchor = index === 0 ? 'start' : index === ticks ? 'end' : 'middle';
    return (
      <g class="tick" key={index}>
        <line x1={scale.x(at)} x2={scale.x(at)} y1={barTop + barHeight + 4} y2={barTop + barHeight + 8} />
        <text x={scale.x(at)} y={height - 4} text-anchor={anchor}>
          {index > 0 && scale.to - scale.from < offsetsBelowMs ? `+${duration(at - scale.from)}` : time(at, now.value)}
        </text>
      </g>
    );
  });
}
