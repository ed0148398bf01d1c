/** How a worker process is started: under a launcher, with its setup in the environment, and limited in its memory. */
import { execPath } from 'node:process';
import { SETUP_VARIABLE, type WorkerSetup } from '../../workers/contract.ts';
import { type Launched, launch } from '../../workers/launcher.ts';

/** Between SIGTERM and SIGKILL when it is ended: a handler has had its grace before. */
const patienceMs = 1_000;
/**
 * What Node itself needs beside the heap: its code, the stacks of its threads, small buffers. Newer ones map far more to be
 * written to than they ever touch, which counts as data all the same: 560 MiB when idle in Node 24, 80 in Node 20.
 */
export const beyondHeapMb = Number.parseInt(process.versions.node, 10) >= 22 ? 1_024 : 512;

/**
 * Its heap has a limit of V8's. Buffers and what native code takes lie outside of it: for them Linux limits the data of
 * the process. (Its address space cannot be limited: WebAssembly, which `fetch` needs, reserves gigabytes of it unused.)
 * The limit is a soft one, so that programs can be given their own.
 */
export function commandFor(
  command: readonly [string, ...string[]],
  memoryMb: number,
  platform: NodeJS.Platform = process.platform,
): readonly [string, ...string[]] {
  if (platform !== 'linux') return command;
  const limitKb = (memoryMb + beyondHeapMb) * 1024;
  return ['/bin/sh', '-c', 'ulimit -S -d "$1" 2>/dev/null; shift; exec "$@"', 'sh', String(limitKb), ...command];
}

export interface ProcessStart {
  readonly processFile: string;
  readonly setup: WorkerSetup;
  /** PROCESS_MEMORY */
  readonly memoryMb: number;
}

/** @throws when no process can be made at all */
export function startProcess(
  { processFile, setup, memoryMb }: ProcessStart,
  printed: (stream: 'stdout' | 'stderr', text: string) => void,
): Launched {
  const command = commandFor([execPath, `--max-old-space-size=${memoryMb}`, processFile], memoryMb);
  const env = { ...process.env, [SETUP_VARIABLE]: JSON.stringify(setup) };
  const launched = launch({ command, env, patienceMs, channel: true }, printed);
  launched.process.stdin?.on('error', () => {}).end();
  // Nothing has to be written down first: without an order it ends with the supervisor by itself.
  launched.control.write('go\n');
  return launched;
}
