/** Wall times as people read them: `2026-12-01 02:00:00`, `02:00`, `+08:00`. */
import { wallOf } from './zone.ts';

/** @returns `2026-12-01 02:00:00`, as the clocks of a zone show an instant */
export function localText(zone: string, at: number): string {
  return wallText(wallOf(zone, at));
}

/** @param wall a wall time in milliseconds */
export function wallText(wall: number): string {
  return new Date(wall).toISOString().slice(0, 19).replace('T', ' ');
}

/** @returns the time of day of a wall time, `02:00`, with its seconds where there are any */
export function clockText(wall: number): string {
  const text = new Date(wall).toISOString().slice(11, 19);
  return text.endsWith(':00') ? text.slice(0, 5) : text;
}

/** @returns `+08:00`, with seconds where an old local time has them */
export function offsetText(offsetMs: number): string {
  const text = clockText(Math.abs(offsetMs));
  return `${offsetMs < 0 ? '-' : '+'}${text}`;
}
