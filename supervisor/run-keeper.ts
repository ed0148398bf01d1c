/**
 * What runs need done without anybody asking: a canceled one has its tasks canceled, one after another and also after a
 * restart in between; one that ended long ago is put aside. A slice at a time, so that the loop goes on meanwhile.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cancelTask } from './core/decide/steer.ts';
import { Refusal } from './core/refusal.ts';
import type { Run } from './core/run/run.ts';
import type { State } from './core/state.ts';
import type { Recorder } from './recorder.ts';

const tasksPerSlice = 500;
const archivedPerEntryMax = 1_000;

export interface RunKeeperParts {
  readonly state: State;
  readonly recorder: Pick<Recorder, 'record'>;
  /** A running task was asked to stop: its worker is told. */
  readonly stop: (taskId: string) => void;
}

export class RunKeeper {
  readonly #parts: RunKeeperParts;
  readonly #canceling = new Set<string>();

  constructor(parts: RunKeeperParts) {
    this.#parts = parts;
  }

  /** Goes on with what a stop has cut. */
  begin(): void {
    for (const run of this.#parts.state.runs.byId.values())
      if (run.cancel && run.endedAt === null) void this.cancelRest(run);
  }

  tick(now: number): void {
    const { state, recorder } = this.#parts;
    const ids: string[] = [];
    for (const { id, endedAt } of state.runs.byId.values()) {
      if (endedAt === null || endedAt + state.limits.failedLiveMs > now) continue;
      // The schedule that started it has yet to see how it ended.
      if (state.schedules.ofRun.has(id)) continue;
      if (ids.push(id) >= archivedPerEntryMax) break;
    }
    if (ids.length > 0) recorder.record({ e: 'run.archived', ids });
  }

  /** Called once the wish is written down. Ids come in order of time, so that no task of a run sorts before it. */
  async cancelRest(run: Run): Promise<void> {
    const { state, recorder, stop } = this.#parts;
    if (this.#canceling.has(run.id)) return;
    this.#canceling.add(run.id);
    const by = { by: run.cancel?.by ?? 'run' };
    let last = run.id;
    for (let looked = 1; ; looked++) {
      const id = state.order.at(state.order.after(last));
      if (id === undefined) break;
      last = id;
      const task = state.tasks.get(id);
      if (task?.options.run?.id === run.id && task.state !== 'failed') {
        const decision = cancelTask(task, by);
        if (!(decision instanceof Refusal)) for (const event of decision) recorder.record(event);
        if (task.state === 'running') stop(id);
      }
      if (looked % tasksPerSlice === 0) await nextTurn();
      if (state.draining) break;
    }
    this.#canceling.delete(run.id);
  }
}
