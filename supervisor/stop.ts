/** An orderly stop: no new work, what runs may end, what does not end in time is cut and written down as interrupted. */
import { setTimeout as wait } from 'node:timers/promises';
import { recoverAttempt } from './core/decide/attempt.ts';
import type { Task } from './core/task.ts';
import type { Opened } from './open.ts';

export interface DrainLimits {
  readonly drainTimeoutMs: number;
  readonly graceMs: number;
  /** Told what is waited for, when there is something, and for how long at most. */
  readonly waiting?: (running: readonly Task[], msMax: number) => void;
}

/** What runs on past the drain is asked to stop, and has this long for it at most. */
const cutMsMax = 5_000;

/** @returns how many tasks had to be cut */
export async function drain(opened: Opened, inbox: { stop(): Promise<void> }, limits: DrainLimits): Promise<number> {
  const { state, dispatcher, pool, recorder, journal } = opened;
  state.draining = true;
  const graceMs = Math.min(limits.graceMs, cutMsMax);
  await inbox.stop();
  if (state.running.size > 0) limits.waiting?.([...state.running], limits.drainTimeoutMs + graceMs);
  await within(dispatcher.idle(), limits.drainTimeoutMs);
  if (state.running.size > 0) {
    pool.stopAll('drain');
    await within(dispatcher.idle(), graceMs);
  }
  const running = [...state.running];
  dispatcher.close();
  for (const task of running) recorder.record(recoverAttempt(task, { orderly: true, at: null }));
  await journal.durable(state.seq);
  return running.length;
}

/** @returns false when a thread has not ended within `msMax`: it hangs in a call of the system */
export async function endThreads(
  pool: Pick<Opened['pool'], 'close' | 'gone' | 'threads'>,
  msMax: number,
): Promise<boolean> {
  await within(
    pool.close().then(() => pool.gone()),
    msMax,
  );
  return pool.threads === 0;
}

async function within(done: Promise<void>, ms: number): Promise<void> {
  const late = new AbortController();
  await Promise.race([done, wait(ms, undefined, { signal: late.signal }).catch(() => {})]);
  late.abort();
}
