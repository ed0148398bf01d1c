/** A queue that is open: what is asked of it is checked here, carried out by its parts, and refused with a code. */
import type { Clock } from '../clock.ts';
import type { Ending } from '../core/decide/attempt.ts';
import type { Fault } from '../core/fault.ts';
import { tasksPerListMax } from '../core/limits.ts';
import { mistaken } from '../core/refusal.ts';
import type { State } from '../core/state.ts';
import { storedText } from '../core/store/record.ts';
import type { Stored } from '../core/store/store.ts';
import { shown, type TaskInput } from '../core/task-input.ts';
import type { TaskView } from '../facade.ts';
import type { RetryDesk } from '../retry-desk.ts';
import type { StoreDesk } from '../store-desk.ts';
import type { Supervisor } from '../supervisor.ts';
import type { Consumers } from './consumers.ts';
import { atDeadline } from './deadline.ts';
import { readEnd, readFailure, readMs, readTask, readVersion } from './given.ts';
import { QueueError, queueError } from './queue-error.ts';
import type * as facade from './queue-facade.ts';
import type { Transitions } from './transitions.ts';

const closeTimeoutMsDefault = 20_000;
const actor = { origin: 'library', from: null } as const;

export interface LiveQueueParts {
  readonly state: State;
  readonly clock: Clock;
  readonly supervisor: Supervisor;
  readonly retries: RetryDesk;
  readonly consumers: Consumers;
  readonly store: StoreDesk;
  readonly transitions: Transitions;
  readonly durable: (seq: number) => Promise<void> | undefined;
  readonly tasksMax: number;
  /** Lets go of everything. `orderly`: it is written down, so that the next opening suspects nobody. */
  readonly end: (orderly: boolean) => Promise<void>;
}

export class LiveQueue implements facade.Queue {
  readonly #parts: LiveQueueParts;
  /** Why nothing is taken any more. */
  #over: QueueError | null = null;
  #closing: Promise<void> | null = null;

  constructor(parts: LiveQueueParts) {
    this.#parts = parts;
  }

  /** The disk failed, or somebody else writes the folder: whoever waits is told, and nothing is taken any more. */
  broke(fault: Fault): void {
    const error = queueError(fault) as QueueError;
    this.#over ??= error;
    this.#parts.consumers.fail(error);
  }

  push(task: facade.NewTask): Promise<facade.Pushed> {
    return this.#do(async () => (await this.#accept([readTask(task, '$')]))[0] as facade.Pushed);
  }

  pushAll(tasks: readonly facade.NewTask[]): Promise<readonly facade.Pushed[]> {
    return this.#do(() => {
      if (!Array.isArray(tasks)) throw mistaken('$', `must be a list of tasks, not ${shown(tasks)}`);
      if (tasks.length > tasksPerListMax)
        throw mistaken('$', `is ${tasks.length} tasks; at most ${tasksPerListMax} are taken as one`);
      return this.#accept(tasks.map((task, index) => readTask(task, `$[${index}]`)));
    });
  }

  async #accept(inputs: readonly TaskInput[]): Promise<facade.Pushed[]> {
    const { state, tasksMax, supervisor } = this.#parts;
    const live = state.tasks.size - state.failed.size;
    if (live + inputs.length > tasksMax)
      throw new QueueError('full', `${live} tasks are not finished, and at most ${tasksMax} are kept`, {
        action: 'push again when some have finished',
      });
    const { ids, created } = await supervisor.accept(inputs, actor.origin, { whileDraining: true });
    return ids.map((id, index) => ({ id, created: created[index] as boolean }));
  }

  async pop({ timeout, signal }: facade.PopOptions = {}): Promise<facade.PoppedTask | null> {
    if (this.#over?.code === 'closed') return null;
    return this.#do(() => this.#parts.consumers.pop(timeout === undefined ? null : readMs(timeout, 'timeout'), signal));
  }

  done(task: facade.Attempt, result?: unknown): Promise<void> {
    return this.#do(() => this.#settle(task, readEnd(result)));
  }

  fail(task: facade.Attempt, how: facade.FailOptions | Error = {}): Promise<void> {
    return this.#do(() => this.#settle(task, readFailure(how)));
  }

  async #settle(task: facade.Attempt, ending: Ending): Promise<void> {
    const { consumers, durable, supervisor } = this.#parts;
    try {
      await durable(consumers.settle(task, ending));
    } catch (error) {
      // What a refusal rests on is on disk before it is heard.
      if (error instanceof QueueError) await supervisor.settled();
      throw error;
    }
  }

  task(id: string): Promise<facade.QueueTask | null> {
    return this.#do(async () => {
      const view = await this.#parts.supervisor.task(id);
      return view && taskOf(view);
    });
  }

  cancel(id: string): Promise<void> {
    return this.#do(async () => void (await this.#parts.supervisor.cancel(id, actor)));
  }

  retry(id: string): Promise<string> {
    return this.#do(async () => (await this.#parts.retries.retry(id, actor)).task.id);
  }

  counts(): ReturnType<facade.Queue['counts']> {
    return this.#do(async () => {
      const { scheduled, queued, running, retrying, interrupted, failed } = this.#parts.state.counts;
      await this.#parts.supervisor.settled();
      return { scheduled, queued, running, retrying, interrupted, failed };
    });
  }

  watch(listener: (transition: facade.Transition) => void): () => void {
    return this.#parts.transitions.watch(listener);
  }

  setPublic(key: string, value: unknown, options: facade.PublicOptions = {}): Promise<facade.PublicValue> {
    return this.#do(async () => {
      const { ttl, ifVersion } = options;
      const { stored } = await this.#parts.store.set({ key, value, ttl, condition: readVersion(ifVersion) }, actor);
      return publicOf(stored);
    });
  }

  getPublic(key: string): Promise<facade.PublicValue | null> {
    return this.#do(async () => {
      const stored = await this.#parts.store.get(key);
      return stored && publicOf(stored);
    });
  }

  deletePublic(key: string, { ifVersion }: Pick<facade.PublicOptions, 'ifVersion'> = {}): Promise<boolean> {
    return this.#do(() => this.#parts.store.delete(key, readVersion(ifVersion), actor));
  }

  cleanup(): ReturnType<facade.Queue['cleanup']> {
    return this.#do(() => this.#parts.store.cleanUp());
  }

  /** Called again, it is the same close. */
  close({ timeout = closeTimeoutMsDefault }: facade.CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

  async #close(timeout: number | string): Promise<void> {
    const { consumers, end } = this.#parts;
    if (!this.#over) {
      const drainMs = readMs(timeout, 'timeout');
      consumers.drain();
      await this.#within(consumers.idle(), drainMs);
    }
    const broken = this.#over;
    this.#over ??= new QueueError('closed', 'the queue has been closed');
    try {
      if (!broken) consumers.cut();
      await end(broken === null);
    } catch (error) {
      // That the disk failed has been told; here the folder is let go of.
      if (!broken) throw queueError(error);
    }
  }

  #within(done: Promise<void>, ms: number): Promise<void> {
    const { clock } = this.#parts;
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = atDeadline(clock, clock.monotonic() + ms, resolve);
      void done.then(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Runs in the turn in which it is asked for: what was given is taken as it is then. */
  async #do<T>(act: () => T | Promise<T>): Promise<T> {
    if (this.#over) throw this.#over;
    try {
      return await act();
    } catch (error) {
      throw queueError(error);
    }
  }
}

function taskOf(view: TaskView): facade.QueueTask {
  const { id, type, state, params, priority, tags, group, idempotencyKey, attempt } = view;
  const { createdAt, startedAt, finishedAt, runAt, result, error } = view;
  const head = { id, type, state, params, priority, tags, group, idempotencyKey, attempt };
  return { ...head, createdAt, startedAt, finishedAt, runAt, result, error };
}

function publicOf(stored: Stored): facade.PublicValue {
  return JSON.parse(storedText(stored));
}
