/** Timers beyond a minute, which is as long as a clock's own may be: looked at again until their time has come. */
import type { Clock } from '../clock.ts';

/** @param at on the monotonic clock; Infinity for never @returns cancels */
export function atDeadline(clock: Clock, at: number, call: () => void): () => void {
  let cancel = () => {};
  const look = () => {
    const leftMs = at - clock.monotonic();
    if (leftMs <= 0) call();
    else cancel = clock.after(leftMs, look);
  };
  if (at < Number.POSITIVE_INFINITY) cancel = clock.after(Math.max(0, at - clock.monotonic()), look);
  return () => cancel();
}
