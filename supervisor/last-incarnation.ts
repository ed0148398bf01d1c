/** What the last incarnation left is brought in order before this one begins: its history, its processes, its attempts. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { recoverAttempt } from './core/decide/attempt.ts';
import type { AttemptEnded } from './core/event.ts';
import { iso } from './core/record.ts';
import type { State } from './core/state.ts';
import type { StatusView } from './facade.ts';
import type { History } from './history/history.ts';
import type { Log } from './log.ts';
import { endOrphans } from './orphans.ts';
import type { Recorder } from './recorder.ts';
import type { FoundRetry, Replay } from './replay.ts';
import { countTasks } from './stop-words.ts';
import type { WorkLog } from './work-log.ts';

/** Writes what the history has not: it is written behind, and may have stopped before the journal did. */
export async function completeHistory({ state, endings }: Replay, history: History, recorder: Recorder): Promise<void> {
  for (const found of endings) {
    const { seq } = found;
    if (!('task' in found)) await completeRetry(found, history, recorder);
    else if (!history.holds(seq, found.task.id)) recorder.depart(seq, found.task, found.ending());
    else state.params.release(found.task.params);
  }
}

async function completeRetry({ seq, at, id, retriedAs }: FoundRetry, history: History, recorder: Recorder) {
  if (history.holds(seq, id)) return;
  await recorder.departed();
  const record = await history.get(id);
  // One that is damaged has been named when it was read.
  if (record) recorder.rewrite(seq, at, { ...record, retriedAs });
}

/** The one that begins. */
interface Incarnation {
  readonly dataDir: string;
  readonly version: string;
  readonly incarnation: string;
  readonly bootId: string;
  readonly log: Log;
}

interface Recovery {
  readonly state: State;
  readonly recorder: Recorder;
  readonly replay: Replay;
  readonly startedAt: number;
  readonly workLog: WorkLog;
}

/** What the last incarnation left running is ended, then written down as interrupted, then this one says that it is there. */
export async function recover(
  options: Incarnation,
  { state, recorder, replay, startedAt, workLog }: Recovery,
): Promise<StatusView['recovered']> {
  const { log, bootId, incarnation, version } = options;
  const last = state.lastStop;
  const orphans = await endOrphans(state.children.values(), { bootId, wait });
  if (orphans > 0) log.warn(`ended process groups that the last incarnation had left behind: ${orphans}`);
  const scratch = join(options.dataDir, 'scratch');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const stoppedAt = Math.max(last?.at ?? 0, replay.lastAt);
  const running = beginIncarnation(
    { bootId, incarnation, version },
    { state, recorder, stoppedAt, ended: (event) => workLog.ended(event) },
  );
  if (last === null) return null;
  const tasks = state.tasks.size - state.failed.size;
  if (!last.clean && tasks > 0)
    log.warn(`recovered ${countTasks(tasks)} after a stop at ${iso(stoppedAt)}; running then: ${running}`);
  return { tasks, stoppedAt: iso(stoppedAt), downMs: Math.max(0, startedAt - stoppedAt), clean: last.clean };
}

interface Beginning {
  readonly state: State;
  readonly recorder: Recorder;
  /** When the last incarnation was last heard of, ms since 1970. */
  readonly stoppedAt: number;
  /** Told of each attempt that was cut, before it is recorded. */
  ended(event: AttemptEnded): void;
}

/** Writes down that this one is there, and what was running as interrupted. @returns how many attempts that were */
export function beginIncarnation(
  { bootId, incarnation, version }: Pick<Incarnation, 'bootId' | 'incarnation' | 'version'>,
  { state, recorder, stoppedAt, ended }: Beginning,
): number {
  const last = state.lastStop;
  const orderly = last === null || last.clean || last.boot !== bootId;
  const running = [...state.running];
  recorder.record({ e: 'supervisor.started', incarnation, boot: bootId, version, pid: process.pid });
  for (const task of running) {
    const event = recoverAttempt(task, { orderly, at: stoppedAt });
    ended(event);
    recorder.record(event);
  }
  return running.length;
}
