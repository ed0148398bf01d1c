/**
 * The small shell script between us and a program or process we run, and how it is started and heard. Nothing may outlive
 * the supervisor, not even one killed with SIGKILL, so something outside of it has to watch: the launcher leads a process
 * group of its own, begins only when it is told to on descriptor 3, and when that closes it ends the group. It is a
 * script and not a program of ours because `sh` is everywhere and takes a megabyte.
 *
 * Arguments: tenths of a second between SIGTERM and SIGKILL, then the program and its arguments. On descriptor 3 it
 * reads the line `go` and writes `exit STATUS`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { type LineTaker, readLines } from './lines.ts';

const LAUNCHER = `
patience=$1; shift
read -r word <&3 || exit 125
[ "$word" = go ] || exit 125
exec 5<&0
asked=
trap : TERM HUP INT
trap 'asked=1' USR1
trap '' PIPE

# Its standard input has to be handed over by hand: a shell gives /dev/null to what runs in the background.
( trap - PIPE INT QUIT; exec "$@" <&5 3<&- 5<&- ) &
child=$!
exec <&- 5<&- >/dev/null 2>&1

# Ignores what is meant for the program, or nobody would notice that descriptor 3 has closed.
( trap '' TERM HUP INT; while read -r word <&3; do :; done; kill -USR1 $$ ) &
watcher=$!

# Whether anyone but the launcher is left in the group.
others() {
  [ -r /proc/self/stat ] || return 0
  for file in /proc/[0-9]*/stat; do
    { read -r line < "$file"; } 2>/dev/null || continue
    set -- \${line##*) }
    [ "$3" = $$ ] && [ "$1" != Z ] || continue
    pid=\${file#/proc/}; pid=\${pid%/stat}
    [ "$pid" = $$ ] || [ "$pid" = "$watcher" ] || return 0
  done
  return 1
}

status=
while [ -z "$asked" ]; do
  wait "$child"; status=$?
  kill -0 "$child" 2>/dev/null || break
done
[ -n "$asked" ] || echo "exit $status" >&3

# What the program has left behind ends with it.
if [ -n "$asked" ] || others; then
  kill -TERM -$$
  while [ "$patience" -gt 0 ] && others; do sleep 0.1; patience=$((patience - 1)); done
fi
kill -KILL -$$
`;

export interface Launch {
  /** Path and arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
  /** Between SIGTERM and SIGKILL. */
  readonly patienceMs: number;
  /** With a channel for messages, as Node's `fork` makes it. */
  readonly channel?: boolean;
}

export interface Launched {
  /** The launcher: its id is that of the group. */
  readonly process: ChildProcess;
  /** Told `go` it begins; closed, the whole group ends. */
  readonly control: Duplex;
  /** Rejects when it could not be started. */
  readonly ended: Promise<Ended>;
}

export interface Ended {
  readonly exitCode: number | null;
  /** As a shell tells it: an exit code above 128 is the signal that ended the program. */
  readonly signal: string | null;
  /** False: the launcher itself was killed, and what it has started may still be there. */
  readonly told: boolean;
}

/** Pipes that something outside the group still holds are not waited for longer. */
const pipesMs = 1_000;
/** More than a pipe holds: what comes after it was not written by the program. */
const leftBytesMax = 2 * 1024 * 1024;

/** @throws when no launcher can be made at all */
export function launch(
  program: Launch,
  line: (stream: 'stdout' | 'stderr', text: string) => ReturnType<LineTaker>,
): Launched {
  const patience = String(Math.max(1, Math.round(program.patienceMs / 100)));
  const launcher = spawn('/bin/sh', ['-c', LAUNCHER, 'nightshift', patience, ...program.command], {
    cwd: program.cwd,
    env: program.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', ...(program.channel ? (['ipc'] as const) : [])],
  });
  // Without descriptors to spare Node gives a process without streams, and tells of it only later.
  if (!launcher.stdio?.[3]) throw new Error('no process could be started: there are no file descriptors left');
  const control = launcher.stdio[3] as Duplex;
  control.on('error', () => {});
  const heldUp = [
    readLines(launcher.stdout as Duplex, (text) => line('stdout', text)),
    readLines(launcher.stderr as Duplex, (text) => line('stderr', text)),
  ];
  const ended = endOf(launcher, control, () => heldUp.some((isHeldUp) => isHeldUp()));
  // Whoever waits for it may come later; until then it must not look like a forgotten promise.
  ended.catch(() => {});
  return { process: launcher, control, ended };
}

/** The launcher tells the program's status on its control descriptor and then kills its group, itself included. */
async function endOf(launcher: ChildProcess, control: Duplex, heldUp: () => boolean): Promise<Ended> {
  let words = '';
  control.on('data', (chunk: Buffer) => {
    words += chunk.toString('latin1');
  });
  const closed = once(launcher, 'close');
  closed.catch(() => {});
  const [code, signal] = (await once(launcher, 'exit')) as [number | null, string | null];
  const read = () => (launcher.stdout as Socket).bytesRead + (launcher.stderr as Socket).bytesRead;
  const before = read();
  do {
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, pipesMs).unref())]);
  } while (heldUp() && read() - before < leftBytesMax);
  launcher.stdout?.destroy();
  launcher.stderr?.destroy();
  const status = /^exit (\d{1,3})$/m.exec(words)?.[1];
  if (status === undefined) return { exitCode: code, signal, told: false };
  return { exitCode: Number(status), signal: signalName(Number(status) - 128), told: true };
}

function signalName(number: number): string | null {
  if (number <= 0) return null;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
