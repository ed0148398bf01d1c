/**
 * One attempt under way: its signal, what it has told and asked so far, and what must be done before it has ended.
 * Everything is made when first used, because most attempts of small tasks use none of it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CallItem, LogItem, Order, Reply, StopReason } from './contract.ts';
import { head } from './cut.ts';
import {
  callsPendingMax,
  checkpointIntervalMs,
  countIntervalMs,
  logLineCharsMax,
  progressIntervalMs,
  timerMsMax,
} from './limits.ts';
import type { Outbox } from './outbox.ts';
import { type Ending, failed, stopped } from './outcome.ts';
import { Latest, LogAllowance } from './pace.ts';
import { setup } from './setup.ts';
import { StopError } from './stop.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly answered: Promise<unknown>;
}

export interface CountTotals {
  readonly processed: number;
  readonly succeeded: number;
  readonly failed: number;
}

export class Attempt {
  readonly order: Order;
  ended = false;
  stopError: StopError | null = null;
  /** Ends the attempt although its handler has not settled. */
  settle: ((ending: Ending) => void) | null = null;
  readonly #outbox: Outbox;
  #controller: AbortController | null = null;
  #timer: NodeJS.Timeout | null = null;
  #deadline = 0;
  #calls = 0;
  #waiting: Map<number, Waiting> | null = null;
  #allowance: LogAllowance | null = null;
  #progress: Latest<{ done: number; total: number | null; text: string | null }> | null = null;
  #count: Latest<CountTotals> | null = null;
  #checkpoint: Latest<string> | null = null;
  #scratch: Promise<string> | null = null;
  #unhandled: Map<Promise<unknown>, unknown> | null = null;

  constructor(order: Order, outbox: Outbox) {
    this.order = order;
    this.#outbox = outbox;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.stopError) this.#controller.abort(this.stopError);
    }
    return this.#controller.signal;
  }

  stop(reason: StopReason): void {
    if (this.ended || this.stopError) return;
    this.stopError = new StopError(reason, this.order.timeoutMs);
    this.#controller?.abort(this.stopError);
  }

  /** After an exception that nobody caught; what still goes on of the handler is asked to stop. */
  breakOff(error: unknown): void {
    this.settle?.(failed(error, 'uncaught_exception'));
    this.settle = null;
    this.#controller?.abort(error);
  }

  armTimeout(beganAt: number): void {
    if (this.order.timeoutMs === null) return;
    this.#deadline = beganAt + this.order.timeoutMs;
    this.#arm();
  }

  #arm(): void {
    const left = this.#deadline - performance.now();
    if (left <= 0) this.stop('timed_out');
    else this.#timer = setTimeout(() => this.#arm(), Math.min(Math.ceil(left), timerMsMax));
  }

  threw(error: unknown): Ending {
    if (this.stopError === null) return failed(error);
    return stopped(this.stopError.code, this.stopError, error);
  }

  log(level: LogItem['level'], text: string): void {
    this.#allowance ??= new LogAllowance();
    const line = text.length <= logLineCharsMax ? text : cutLine(text);
    if (!this.#allowance.admits(Buffer.byteLength(line))) return;
    this.#sayCut();
    this.#outbox.add(this.#line(level, line));
  }

  #sayCut(): void {
    const cut = this.#allowance?.takeCut() ?? null;
    if (cut !== null) this.#outbox.add(this.#line('warn', cut));
  }

  #line(level: LogItem['level'], text: string): LogItem {
    return { kind: 'log', taskId: this.order.taskId, attempt: this.order.attempt, at: Date.now(), level, text };
  }

  progress(done: number, total: number | null, text: string | null): void {
    if (this.ended) return;
    const { taskId, attempt } = this.order;
    this.#progress ??= new Latest(progressIntervalMs, (value) =>
      this.#outbox.add({ kind: 'progress', taskId, attempt, done: value.done, total: value.total, text: value.text }),
    );
    this.#progress.offer({ done, total, text });
  }

  count(totals: CountTotals): void {
    if (this.ended) return;
    const { taskId, attempt } = this.order;
    this.#count ??= new Latest(countIntervalMs, (value) =>
      this.#outbox.add({
        kind: 'count',
        taskId,
        attempt,
        processed: value.processed,
        succeeded: value.succeeded,
        failed: value.failed,
      }),
    );
    this.#count.offer(totals);
  }

  /** @param data JSON text */
  checkpoint(data: string): void {
    if (this.ended) return;
    const { taskId, attempt } = this.order;
    this.#checkpoint ??= new Latest(checkpointIntervalMs, (text) =>
      this.#outbox.add({ kind: 'checkpoint', taskId, attempt, data: text }),
    );
    this.#checkpoint.offer(data);
  }

  /** Asks the supervisor; the attempt does not end before the answer is there. */
  call(request: CallItem['request']): Promise<unknown> {
    if (this.ended) return Promise.reject(new Error('the attempt has ended; what it asks for now is not heard'));
    this.#waiting ??= new Map();
    if (this.#waiting.size >= callsPendingMax) {
      return Promise.reject(new Error(`more than ${callsPendingMax} calls wait for their answer: await some of them`));
    }
    const call = ++this.#calls;
    const { promise, resolve, reject } = withResolvers();
    this.#waiting.set(call, { resolve, reject, answered: promise });
    this.#outbox.addSoon({ kind: 'call', taskId: this.order.taskId, attempt: this.order.attempt, call, request });
    return promise;
  }

  reply(message: Reply): void {
    const waiting = this.#waiting?.get(message.call);
    if (!waiting) return;
    this.#waiting?.delete(message.call);
    if (message.error) waiting.reject(Object.assign(new Error(message.error.message), { code: message.error.code }));
    else waiting.resolve(message.value);
  }

  scratch(): Promise<string> {
    this.#scratch ??= mkdtemp(join(setup.scratchDir, `${this.order.taskId}-${this.order.attempt}-`));
    return this.#scratch;
  }

  unhandled(promise: Promise<unknown>, reason: unknown): void {
    this.#unhandled ??= new Map();
    this.#unhandled.set(promise, reason);
  }

  handledAfterAll(promise: Promise<unknown>): void {
    this.#unhandled?.delete(promise);
  }

  /** True when the handler's end is not yet the attempt's. */
  get hasLooseEnds(): boolean {
    return this.#waiting !== null || this.#scratch !== null || this.#unhandled !== null;
  }

  /** Waits for answers and tidies up; a promise that failed unseen makes a success a failure. */
  async tieLooseEnds(ending: Ending): Promise<Ending> {
    let last = ending;
    while (this.#waiting && this.#waiting.size > 0) {
      const answers = await Promise.allSettled([...this.#waiting.values()].map((call) => call.answered));
      const refused = answers.find((answer) => answer.status === 'rejected');
      if (refused && last.outcome === 'succeeded') last = failed(refused.reason);
    }
    if (this.#scratch) await this.#removeScratch(this.#scratch);
    // Node tells of a promise that was handled after all one turn of the loop later.
    if (this.#unhandled) await new Promise((resolve) => setImmediate(resolve));
    if (this.#unhandled && this.#unhandled.size > 0 && last.outcome === 'succeeded') {
      last = failed([...this.#unhandled.values()][0], 'unhandled_rejection');
    }
    return last;
  }

  async #removeScratch(scratch: Promise<string>): Promise<void> {
    try {
      await rm(await scratch, { recursive: true, force: true, maxRetries: 2 });
    } catch (error) {
      this.log('warn', `the scratch folder could not be removed: ${(error as Error).message}`);
    }
  }

  /** The last word: what still waited to be told, then the outcome. */
  end(ending: Ending, durationMs: number): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#progress?.flush();
    this.#count?.flush();
    this.#checkpoint?.flush();
    this.#sayCut();
    this.ended = true;
    this.settle = null;
    this.#outbox.add({
      kind: 'outcome',
      taskId: this.order.taskId,
      attempt: this.order.attempt,
      outcome: ending.outcome,
      result: ending.result,
      error: ending.error,
      retryable: ending.retryable,
      retryAfterMs: ending.retryAfterMs,
      ...(ending.backoffHolds && { backoffHolds: true }),
      durationMs,
    });
  }
}

function cutLine(text: string): string {
  return `${head(text, logLineCharsMax)}… (${text.length - logLineCharsMax} more characters cut)`;
}

function withResolvers(): {
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
} {
  let resolve: (value: unknown) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<unknown>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
