/**
 * From queue to consumer and back: stands where in the supervisor the dispatcher stands. Who pops is served in the order
 * in which they came; an attempt's start is on disk before its task is handed over, so a task that kills the process is
 * counted.
 */
import type { Clock } from '../clock.ts';
import { type Ending, endAttempt, recoverAttempt } from '../core/decide/attempt.ts';
import { claimTask } from '../core/decide/claim.ts';
import { formatDuration } from '../core/duration.ts';
import type { Event } from '../core/event.ts';
import { iso } from '../core/record.ts';
import type { State } from '../core/state.ts';
import type { Task } from '../core/task.ts';
import { attemptOf, createdAt } from '../core/task.ts';
import { atDeadline } from './deadline.ts';
import { QueueError, queueError } from './queue-error.ts';
import type { Attempt, PoppedTask } from './queue-facade.ts';

export const popsWaitingMax = 10_000;

export interface ConsumersParts {
  readonly state: State;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly chance: () => number;
  /** Applies and journals one event; the answer is its sequence number. */
  record(event: Event): number;
  durable(seq: number): Promise<void> | undefined;
  /** Sees to it that the params of these tasks are in memory as text. */
  warm(tasks: readonly Task[]): Promise<void> | null;
  /** False while new attempts must not begin: the disk is full. */
  mayClaim(): boolean;
}

/** Somebody who waits for a task. */
interface Waiter {
  /** On the monotonic clock; Infinity for never. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (task: PoppedTask | null) => void;
  readonly reject: (reason: unknown) => void;
  /** Ends timer and listener. */
  leave: () => void;
}

interface Departure {
  readonly waiter: Waiter;
  readonly task: Task;
  readonly attempt: number;
}

/** An attempt that somebody has been given. */
interface Flight {
  readonly task: Task;
  readonly attempt: number;
  readonly stop: AbortController;
  readonly endTimer: () => void;
}

export class Consumers {
  readonly #parts: ConsumersParts;
  /** The first has waited longest. */
  readonly #waiting = new Set<Waiter>();
  readonly #flights = new Map<string, Flight>();
  #began = false;
  #idle: (() => void)[] = [];

  constructor(parts: ConsumersParts) {
    this.#parts = parts;
  }

  begin(): void {
    this.#began = true;
    this.pump();
  }

  /** @param timeoutMs null for good */
  pop(timeoutMs: number | null, signal: AbortSignal | undefined): Promise<PoppedTask | null> {
    if (this.#parts.state.draining) return Promise.resolve(null);
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#waiting.size >= popsWaitingMax)
      return Promise.reject(new QueueError('full', `${popsWaitingMax} pops are waiting, and no more may`));
    const { clock } = this.#parts;
    const deadline = timeoutMs === null ? Number.POSITIVE_INFINITY : clock.monotonic() + timeoutMs;
    return new Promise((resolve, reject) => {
      this.#await({ deadline, signal, resolve, reject, leave: () => {} });
    });
  }

  /** Takes a task if there is one, else waits for it. */
  #await(waiter: Waiter): void {
    this.#waiting.add(waiter);
    this.pump();
    if (!this.#waiting.has(waiter)) return;
    const { deadline, signal, resolve, reject } = waiter;
    const { clock } = this.#parts;
    const give = (answer: () => void) => {
      this.#leave(waiter);
      answer();
    };
    if (deadline <= clock.monotonic()) {
      give(() => resolve(null));
      return;
    }
    const abort = () => give(() => reject(signal?.reason));
    signal?.addEventListener('abort', abort);
    const cancel = atDeadline(clock, deadline, () => give(() => resolve(null)));
    waiter.leave = () => {
      cancel();
      signal?.removeEventListener('abort', abort);
    };
  }

  #leave(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    waiter.leave();
    waiter.leave = () => {};
  }

  /** Hands out all that may run now. Called whenever something changed that may let more run. */
  pump(): void {
    const { state, clock, record, mayClaim } = this.#parts;
    if (!this.#began || this.#waiting.size === 0 || !mayClaim()) return;
    const now = clock.wall();
    const departures: Departure[] = [];
    let seq = 0;
    for (const waiter of this.#waiting) {
      const claim = claimTask(state, now, () => true);
      if (!claim) break;
      this.#leave(waiter);
      const { task, solo } = claim;
      const attempt = attemptOf(task) + 1;
      departures.push({ waiter, task, attempt });
      seq = record({ e: 'attempt.started', id: task.id, n: attempt, worker: 'consumer', handler: null, solo });
    }
    if (seq > 0) void this.#depart(departures, seq);
  }

  async #depart(departures: readonly Departure[], seq: number): Promise<void> {
    try {
      await this.#parts.durable(seq);
      const cold = this.#parts.warm(departures.filter(isUnderWay).map(({ task }) => task));
      if (cold) await cold;
    } catch (error) {
      for (const { waiter } of departures) waiter.reject(queueError(error));
      return;
    }
    for (const departure of departures) this.#handOver(departure);
  }

  #handOver(departure: Departure): void {
    const { waiter, task, attempt } = departure;
    // Cut by a close meanwhile.
    if (!isUnderWay(departure)) waiter.resolve(null);
    else if (waiter.signal?.aborted) {
      this.#end(task, attempt, { ...NOTHING, outcome: 'interrupted' });
      waiter.reject(waiter.signal.reason);
    } else if (task.life?.cancelRequestedAt != null) {
      this.#end(task, attempt, { ...NOTHING, outcome: 'canceled' });
      if (this.#parts.state.draining) waiter.resolve(null);
      else this.#await(waiter);
    } else waiter.resolve(this.#fly(task, attempt));
  }

  #fly(task: Task, attempt: number): PoppedTask {
    const { clock, state } = this.#parts;
    const { options, id, idempotencyKey } = task;
    const stop = new AbortController();
    const end = clock.monotonic() + (options.timeoutMs ?? Number.POSITIVE_INFINITY);
    const endTimer = atDeadline(clock, end, () => this.#timeOut(flight));
    const flight: Flight = { task, attempt, stop, endTimer };
    this.#flights.set(id, flight);
    return {
      id,
      type: options.type,
      params: JSON.parse(state.params.text(task.params) as string),
      attempt,
      priority: options.priority,
      tags: options.tags,
      group: options.group,
      idempotencyKey,
      createdAt: iso(createdAt(id)),
      signal: stop.signal,
    };
  }

  #timeOut({ task, attempt, stop }: Flight): void {
    const message = `attempt ${attempt} took longer than ${formatDuration(task.options.timeoutMs ?? 0)}`;
    this.#end(task, attempt, { ...NOTHING, outcome: 'timed_out', error: { code: 'timed_out', message } });
    stop.abort(new QueueError('timed_out', message));
  }

  /** Asks an attempt to stop: the wish to cancel its task is already written down. */
  stop(taskId: string): void {
    this.#flights.get(taskId)?.stop.abort(new QueueError('canceled', `task ${taskId} is to be canceled`));
  }

  /** How an attempt ended, from whoever performed it. @returns the sequence number to wait for */
  settle({ id, attempt }: Attempt, ending: Ending): number {
    const flight = this.#flights.get(id);
    if (flight?.attempt !== attempt) {
      const message = `attempt ${attempt} of task ${id} is not under way: it has ended, timed out, or was cut by a close`;
      throw new QueueError('attempt_over', message);
    }
    return this.#end(flight.task, attempt, ending);
  }

  #end(task: Task, attempt: number, ending: Ending): number {
    const { clock, chance, record, state } = this.#parts;
    this.#land(task);
    const seq = record(endAttempt(task, attempt, ending, clock.wall(), chance()));
    if (state.running.size === 0) this.#restful();
    this.pump();
    return seq;
  }

  #land({ id }: Task): Flight | undefined {
    const flight = this.#flights.get(id);
    flight?.endTimer();
    this.#flights.delete(id);
    return flight;
  }

  /** Lets nothing begin any more: who waits for a task hears that none will come. */
  drain(): void {
    this.#parts.state.draining = true;
    for (const waiter of [...this.#waiting]) {
      this.#leave(waiter);
      waiter.resolve(null);
    }
  }

  /** Resolves when no attempt is under way. */
  idle(): Promise<void> {
    if (this.#parts.state.running.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** What has not ended by itself is written down as interrupted, which is no fault of its own. */
  cut(): void {
    const { state, record } = this.#parts;
    for (const task of [...state.running]) {
      const flight = this.#land(task);
      record(recoverAttempt(task, { orderly: true, at: null }));
      flight?.stop.abort(new QueueError('closed', 'the queue was closed under this attempt: its task runs again'));
    }
  }

  /** Nothing can be written any more. */
  fail(error: QueueError): void {
    this.#parts.state.draining = true;
    for (const waiter of [...this.#waiting]) {
      this.#leave(waiter);
      waiter.reject(error);
    }
    for (const { task, stop } of [...this.#flights.values()]) {
      this.#land(task);
      stop.abort(error);
    }
    this.#restful();
  }

  #restful(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const NOTHING: Omit<Ending, 'outcome'> = {
  error: null,
  result: null,
  retryable: true,
  retryAfterMs: null,
  log: null,
};

function isUnderWay({ task, attempt }: Departure): boolean {
  return task.state === 'running' && attemptOf(task) === attempt;
}
