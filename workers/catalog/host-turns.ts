/**
 * At most so many downloads from one host at once. Those of a thread wait in order; beyond it slots are claimed by name,
 * as other threads have downloads too.
 */
import type { Library } from './client.ts';

interface Host {
  running: number;
  readonly waiting: (() => void)[];
}

const hosts = new Map<string, Host>();
const againMsLeast = 20;
const againMsMost = 500;

/** Work for one host when it is its turn. @throws what the signal is aborted with */
export async function inTurn<T>(
  library: Pick<Library, 'tryClaim'>,
  { host, most, signal }: { readonly host: string; readonly most: number; readonly signal: AbortSignal },
  work: () => Promise<T>,
): Promise<T> {
  const here = hosts.get(host) ?? { running: 0, waiting: [] };
  hosts.set(host, here);
  if (here.running >= most) await turnOf(here, signal);
  here.running++;
  try {
    await claimSlot(library, host, most, signal);
    return await work();
  } finally {
    here.running--;
    here.waiting.shift()?.();
    if (here.running === 0 && here.waiting.length === 0) hosts.delete(host);
  }
}

function turnOf({ waiting }: Host, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      waiting.splice(waiting.indexOf(go), 1);
      reject(signal.reason);
    };
    const go = () => {
      signal.removeEventListener('abort', leave);
      resolve();
    };
    signal.throwIfAborted();
    signal.addEventListener('abort', leave);
    waiting.push(go);
  });
}

/** An attempt keeps its slot until it has ended, which the supervisor hears a little later than the next of this thread begins. */
async function claimSlot(
  library: Pick<Library, 'tryClaim'>,
  host: string,
  most: number,
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = againMsLeast; ; waitMs = Math.min(waitMs * 2, againMsMost)) {
    for (let slot = 1; slot <= most; slot++) if (await library.tryClaim(`host:${host}/${slot}`)) return;
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
