/** Whether anybody still waits for an answer. */
import type { Context } from './route.ts';

/** Aborted when the client has left, or has its answer. */
export function goneSignal({ res }: Context): AbortSignal {
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  return gone.signal;
}
