/** Two clocks by name: wall time for people and schedules, monotonic time for durations. Both in milliseconds. */
export interface Clock {
  /** Since 1970, as the machine's clock has it; may jump. */
  wall(): number;
  /** Since some moment; never jumps, never goes back. */
  monotonic(): number;
  /** Calls once after `delayMs`; the answer cancels. */
  after(delayMs: number, call: () => void): () => void;
}

/** A longer `setTimeout` overflows and fires at once; and none should sleep through a jump of the clock. */
export const timerMsMax = 60_000;

export const machineClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(Math.max(0, delayMs), timerMsMax));
    return () => clearTimeout(timer);
  },
};
