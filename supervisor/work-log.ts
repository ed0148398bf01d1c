/** What the log says about work: tasks that have failed for good and workers that were lost; everything else at debug. */
import type { AttemptEnded } from './core/event.ts';
import type { State } from './core/state.ts';
import type { Lost } from './dispatch/pool.ts';
import type { Log } from './log.ts';

const messageCharsMax = 300;

export class WorkLog {
  readonly #state: State;
  readonly #log: Log;
  /** Asked seldom: a small task takes less time than the question. */
  #everything = false;

  constructor(state: State, log: Log) {
    this.#state = state;
    this.#log = log;
    this.relevel();
  }

  /** Called when LOG_LEVEL has changed. */
  relevel(): void {
    this.#everything = this.#log.isLevelEnabled('debug');
  }

  /** Called before it is recorded, while the task is still there. */
  ended(event: AttemptEnded): void {
    const { id, n, outcome, next, error } = event;
    if (next !== 'failed' && !this.#everything) return;
    const type = this.#state.tasks.get(id)?.options.type;
    const why = error && { error: `${error.code}: ${error.message.slice(0, messageCharsMax)}` };
    const facts = { task: id, type, attempt: n, outcome, ...why };
    if (next === 'failed') this.#log.warn(facts, 'a task has failed for good');
    else this.#log.debug(facts, `an attempt has ended; the task is ${next}`);
  }

  /** A thread or process that died, or was ended because a task did not end: what it took along. */
  lost({ taskId, attempt, why, message, begun, worker }: Lost): void {
    // A neighbor was given back, and runs again.
    if (!begun || why === 'interrupted') return;
    const type = this.#state.tasks.get(taskId)?.options.type;
    const what = `a worker ${worker} ${why === 'crashed' ? 'has died' : 'was ended'}`;
    this.#log.warn({ task: taskId, type, attempt, why: message }, what);
  }
}
