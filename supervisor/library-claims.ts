/**
 * Which attempt has a thing of the library to itself, in memory only: an attempt that is over has nothing any more, and none
 * outlives the supervisor. Nobody waits here; who was refused asks again.
 */
import type { State } from './core/state.ts';
import { attemptOf } from './core/task.ts';

const sweepFrom = 1_024;

interface Holder {
  readonly task: string;
  readonly attempt: number;
}

export class LibraryClaims {
  readonly #tasks: State['tasks'];
  readonly #holders = new Map<string, Holder>();
  #sweepAt = sweepFrom;

  constructor({ tasks }: Pick<State, 'tasks'>) {
    this.#tasks = tasks;
  }

  /** @returns whether this attempt has it, now or already */
  claim(name: string, task: string, attempt: number): boolean {
    const holder = this.#holders.get(name);
    if (holder && this.#isUnderWay(holder)) return holder.task === task && holder.attempt === attempt;
    if (!this.#isUnderWay({ task, attempt })) return false;
    this.#holders.set(name, { task, attempt });
    if (this.#holders.size > this.#sweepAt) this.#sweep();
    return true;
  }

  #isUnderWay({ task: id, attempt }: Holder): boolean {
    const task = this.#tasks.get(id);
    return task?.state === 'running' && attemptOf(task) === attempt;
  }

  #sweep(): void {
    for (const [name, holder] of this.#holders) if (!this.#isUnderWay(holder)) this.#holders.delete(name);
    this.#sweepAt = Math.max(sweepFrom, this.#holders.size * 2);
  }
}
