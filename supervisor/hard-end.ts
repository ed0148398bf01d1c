/**
 * Ends the process when a worker thread does not: one that is inside a call of the system never hears that it should
 * end (Node's recursive mkdir below /proc never returns), and `process.exit` waits for every thread.
 */
import { spawn } from 'node:child_process';

/** A process that is still there so long after its end was asked for is killed. */
const killAfterSeconds = 2;

/**
 * Kills us if we do not end by ourselves. Our end closes its standard input, which calls the killer off: the number of
 * the process may be somebody else's by then.
 */
const GUARD = '(sleep "$2"; kill -KILL "$1") & cat > /dev/null; kill $!';

/** The usual end, although threads may still be at work. */
export function endBusy(code: number): never {
  watchOver();
  process.exit(code);
}

/**
 * The end after an orderly stop, when nothing but a thread that hangs is left. Of all that Node has, only `proc_exit` of
 * WASI calls the C library's exit() as it is, which waits for no thread. Were others still running JavaScript, it
 * would pull the floor from under them.
 */
export function endHard(code: number): never {
  watchOver();
  try {
    const { WASI } = process.getBuiltinModule('node:wasi');
    const wasi = new WASI({ version: 'preview1', returnOnExit: false });
    wasi.initialize(new WebAssembly.Instance(new WebAssembly.Module(MEMORY_ONLY)));
    (wasi.wasiImport as { proc_exit(code: number): void }).proc_exit(code);
  } catch {
    // A Node without WASI: then by force.
  }
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
}

function watchOver(): void {
  const words = ['-c', GUARD, 'sh', String(process.pid), String(killAfterSeconds)];
  spawn('/bin/sh', words, { detached: true, stdio: ['pipe', 'ignore', 'ignore'] }).on('error', () => {});
}

/** A WebAssembly module with one page of memory, exported as `memory`: WASI wants one before it answers. */
const MEMORY_ONLY = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x05, 0x03, 0x01, 0x00, 0x01],
  ...[0x07, 0x0a, 0x01, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00],
);
