/** What the log says about work: tasks that have failed for good, workers that were lost, schedules that stopped; the rest at debug. */
import type { AttemptEnded, Event } from './core/event.ts';
import { BY_ITSELF } from './core/schedule/schedule.ts';
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

  /** Called before they are recorded: a schedule has paused itself, or the one turn of a `once` was missed. */
  scheduled(events: readonly Event[]): void {
    for (const event of events) {
      if (event.e !== 'schedule.paused' && event.e !== 'occurrences.settled') continue;
      const rule = this.#state.schedules.byId.get(event.id)?.rule;
      const facts = { schedule: rule?.name, id: event.id };
      if (event.e === 'schedule.paused') {
        if (event.by === BY_ITSELF) this.#log.warn({ ...facts, why: event.reason }, 'a schedule has paused itself');
        continue;
      }
      const missed = rule?.when.kind === 'once' && event.rows.find(({ outcome }) => outcome === 'missed');
      if (missed)
        this.#log.warn(
          { ...facts, why: missed.reason },
          'a schedule that comes once was missed: it does not come again',
        );
    }
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
