/** A line of time below bars: its scale, both ends, and as many moments between them as have room. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { duration, time } from '../format.ts';
import { now } from '../now.ts';

const edge = 1;
const labelWidth = 110;
/** A shorter line is told in time since its beginning, because its ends are the same minute. */
const offsetsBelowMs = 60_000;
/** Of an axis, in pixels. */
export const axisHeight = 24;

export interface Scale {
  /** ms since 1970 */
  readonly from: number;
  readonly to: number;
  readonly width: number;
  x(at: number): number;
}

/** Clocks that jumped cannot turn it around. */
export function scaleOf(from: number, to: number, width: number): Scale {
  const end = Math.max(to, from + 1);
  const inner = width - 2 * edge;
  return {
    from,
    to: end,
    width,
    x: (at) => edge + (Math.min(end, Math.max(from, at)) - from) * (inner / (end - from)),
  };
}

/** Left edge and width of a bar; a very short one is still wide enough to be seen. */
export function barOf(scale: Scale, began: number, ended: number, widthMin: number): { left: number; wide: number } {
  const wide = Math.max(widthMin, scale.x(ended) - scale.x(began));
  return { left: Math.min(scale.x(began), scale.width - edge - wide), wide };
}

/** The width in pixels, so that text is not stretched with the bars. */
export function useWidth() {
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

/** @param top where it begins, in pixels */
export function TimeAxis({ scale, top }: { scale: Scale; top: number }) {
  const { from, to, width } = scale;
  const ticks = Math.max(1, Math.floor(width / labelWidth) - 1);
  return Array.from({ length: ticks + 1 }, (_, index) => {
    const at = from + ((to - from) * index) / ticks;
    const anchor = index === 0 ? 'start' : index === ticks ? 'end' : 'middle';
    return (
      <g class="tick" key={index}>
        <line x1={scale.x(at)} x2={scale.x(at)} y1={top} y2={top + 4} />
        <text x={scale.x(at)} y={top + 20} text-anchor={anchor}>
          {index > 0 && to - from < offsetsBelowMs ? `+${duration(at - from)}` : time(at, now.value)}
        </text>
      </g>
    );
  });
}
