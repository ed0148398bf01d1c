/**
 * `nightshift/testing`: one attempt of a handler in this process, without a supervisor. It goes the way of a worker
 * thread; what the handler tells is collected, all of it, and a clock given by the test moves only when the test moves it.
 */
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Attempt, type CountTotals } from './attempt.ts';
import type { CallItem, LogItem, Order, OutcomeItem, ReportedError, ReportedOutcome, WorkerItem } from './contract.ts';
import type { HandlerDefinition, NextWork, SubmittedTask, TaskFacts } from './define.ts';
import { DescribingThread } from './describing-thread.ts';
import { durationMs } from './duration.ts';
import { handlerLoadMsMax } from './limits.ts';
import { importHandler } from './load.ts';
import { Outbox } from './outbox.ts';
import { carryOut } from './perform.ts';
import { programHandler } from './program.ts';
import { lookAtProgram } from './program-file.ts';
import { MODULE } from './registry.ts';
import { type AnyHandler, handlerOf } from './shape.ts';
import { TriedStore } from './tried-store.ts';

/** Time of a test: it stands still until it is moved. */
export interface ManualClock {
  /** ms since the clock was made */
  readonly now: number;
  /** Moves on by a duration such as `5m`, or by milliseconds; timeouts on the way fall due. */
  advance(by: string | number): void;
  /** @returns takes it back */
  after(ms: number, call: () => void): () => void;
}

export function manualClock(): ManualClock {
  const alarms = new Set<{ readonly at: number; readonly call: () => void }>();
  let now = 0;
  return {
    get now() {
      return now;
    },
    advance(by) {
      const ms = typeof by === 'number' ? by : durationMs(by);
      if (ms === null || !(ms >= 0)) throw new TypeError(`advance needs a duration such as "5m", not ${by}`);
      now += ms;
      for (const alarm of [...alarms].sort((a, b) => a.at - b.at)) {
        if (alarm.at > now || !alarms.delete(alarm)) continue;
        alarm.call();
      }
    },
    after(ms, call) {
      const alarm = { at: now + ms, call };
      alarms.add(alarm);
      return () => void alarms.delete(alarm);
    },
  };
}

export interface Given {
  readonly params?: unknown;
  /** Number of the attempt; 1 when left out. */
  readonly attempt?: number;
  /** What the attempt before saved with `checkpoint`. */
  readonly resume?: unknown;
  readonly settings?: Readonly<Record<string, string>>;
  /** Such as `5m`; else the handler's own. */
  readonly timeout?: string;
  readonly task?: Partial<Omit<TaskFacts, 'type'>>;
  /** Raised, the attempt is canceled. */
  readonly signal?: AbortSignal;
  /** Answers `ctx.submit`; what it throws refuses the task. */
  readonly submit?: (task: SubmittedTask) => unknown;
  /** Names of the stages of its pipeline, in order; left out, every stage is there. */
  readonly stages?: readonly string[];
  /** Answers `ctx.next`; what it throws refuses the work. Its task needs `run`. */
  readonly next?: (work: NextWork) => unknown;
  /** What `ctx.store` holds at the beginning, by key. */
  readonly store?: Readonly<Record<string, unknown>>;
  /** For the timeout, and for when keys of the store end; the real time when left out. */
  readonly clock?: ManualClock;
  /** Told as it comes. */
  readonly said?: (line: LogLine) => void;
  readonly progressed?: (progress: ProgressSaid) => void;
}

export interface LogLine {
  readonly level: LogItem['level'];
  readonly text: string;
}

export interface ProgressSaid {
  readonly done: number;
  readonly total: number | null;
  readonly text: string | null;
}

/** What came of an attempt, and everything it told. */
export interface Performed {
  readonly outcome: ReportedOutcome;
  /** As it would be kept: after a round trip through JSON. */
  readonly result: unknown;
  readonly error: ReportedError | null;
  /** False: trying again is no use. */
  readonly retryable: boolean;
  /** Chosen with `RetryAfter`. */
  readonly retryAfterMs: number | null;
  readonly log: readonly LogLine[];
  readonly progress: readonly ProgressSaid[];
  /** The last totals; null when it counted nothing. */
  readonly counts: CountTotals | null;
  /** The last one; null when it saved none. */
  readonly checkpoint: unknown;
  readonly submitted: readonly SubmittedTask[];
  /** What it put into stages of its run. */
  readonly nexts: readonly NextWork[];
  /** What `ctx.store` holds at the end, by key. */
  readonly stored: Readonly<Record<string, unknown>>;
}

/**
 * The handler in a file, as the supervisor would take it.
 * @param path absolute
 * @param loadMsMax how long it may load
 * @throws Error that names each mistake when there is none in it
 */
export async function handlerIn(path: string, loadMsMax = handlerLoadMsMax): Promise<AnyHandler> {
  if (MODULE.test(path)) {
    const { href } = pathToFileURL(path);
    await checkLoading(href, loadMsMax);
    return handlerOf(await importHandler(href));
  }
  const program = await lookAtProgram(path);
  if (!program) throw new Error('is no module (.js .mjs .cjs), and no program either: it has no run bit');
  return { ...programHandler(path, program.version), type: program.type, settings: program.settings };
}

/** A file that ends its process or never ends loading does so in a thread first, as in the supervisor, and not to us. */
async function checkLoading(url: string, loadMsMax: number): Promise<void> {
  const thread = new DescribingThread(loadMsMax);
  const { message } = await thread.describe(url).finally(() => thread.end());
  if (message !== undefined) throw new Error(message);
}

/** @throws Error that names each mistake when it is no handler */
export async function perform<Params, Result>(
  handler: HandlerDefinition<Params, Result>,
  given: Given = {},
): Promise<Performed> {
  const checked = handlerOf({ default: handler });
  const outbox = new Outbox(() => {});
  const items: WorkerItem[] = [];
  outbox.add = (item) => void items.push(item);
  const attempt = new TriedAttempt(orderOf(checked, given), outbox, given);
  const cancel = () => attempt.stop('canceled');
  given.signal?.addEventListener('abort', cancel);
  if (given.signal?.aborted) cancel();
  try {
    await carryOut(attempt, () => ({ handler: checked, otherVersion: null, blocking: false }), outbox);
  } finally {
    given.signal?.removeEventListener('abort', cancel);
    attempt.disarm();
  }
  return attempt.performed(items.find((item) => item.kind === 'outcome') as OutcomeItem);
}

/** Tells at once and without pacing what other attempts tell now and then. */
class TriedAttempt extends Attempt {
  disarm: () => void = () => {};
  readonly #given: Given;
  readonly #log: LogLine[] = [];
  readonly #progressed: ProgressSaid[] = [];
  readonly #submitted: SubmittedTask[] = [];
  readonly #nexts: NextWork[] = [];
  readonly #store: TriedStore;
  #counts: CountTotals | null = null;
  #saved: unknown = null;

  constructor(order: Order, outbox: Outbox, given: Given) {
    super(order, outbox);
    this.#given = given;
    const { clock, store = {} } = given;
    const beganAt = Date.now() - (clock?.now ?? 0);
    this.#store = new TriedStore(store, clock ? () => beganAt + clock.now : Date.now);
  }

  override log(level: LogItem['level'], text: string): void {
    const line = { level, text };
    this.#log.push(line);
    this.#given.said?.(line);
  }

  override progress(done: number, total: number | null, text: string | null): void {
    const progress = { done, total, text };
    this.#progressed.push(progress);
    this.#given.progressed?.(progress);
  }

  override count(totals: CountTotals): void {
    this.#counts = totals;
  }

  override checkpoint(data: string): void {
    this.#saved = JSON.parse(data);
  }

  override async call(request: CallItem['request']): Promise<unknown> {
    if (request.name === 'access') return null;
    if (request.name === 'store') return this.#store.answer(request.ask);
    if (request.name === 'next') {
      const work = request.work as NextWork;
      const target = this.#stage(work.stage);
      const added = !this.#nexts.some(({ key, stage }) => key === work.key && this.#stage(stage) === target);
      this.#nexts.push(work);
      return this.#given.next ? this.#given.next(work) : { added };
    }
    if (request.name !== 'submit') return true;
    const task = request.task as SubmittedTask;
    this.#submitted.push(task);
    return this.#given.submit ? this.#given.submit(task) : { id: randomUUID() };
  }

  /** @throws Error as the supervisor would refuse it */
  #stage(name: string | undefined): string | null {
    const { stages } = this.#given;
    if (!stages) return name ?? null;
    const own = stages.indexOf(this.order.run?.stage ?? '');
    const at = name === undefined ? own + 1 : stages.indexOf(name);
    const stage = stages[at];
    if (stage === undefined)
      throw Object.assign(new Error(`there is no stage ${name ?? 'behind its own'}`), { code: 'no_stage' });
    if (at < own) throw Object.assign(new Error(`stage ${stage} comes before its own`), { code: 'conflict' });
    return stage;
  }

  override armTimeout(beganAt: number): void {
    const { clock } = this.#given;
    const { timeoutMs } = this.order;
    if (!clock) super.armTimeout(beganAt);
    else if (timeoutMs !== null) this.disarm = clock.after(timeoutMs, () => this.stop('timed_out'));
  }

  performed({ outcome, result, error, retryable, retryAfterMs }: OutcomeItem): Performed {
    return {
      outcome,
      result: result === null ? null : JSON.parse(result),
      error,
      retryable,
      retryAfterMs,
      log: this.#log,
      progress: this.#progressed,
      counts: this.#counts,
      checkpoint: this.#saved,
      submitted: this.#submitted,
      nexts: this.#nexts,
      stored: this.#store.held,
    };
  }
}

function orderOf({ type, timeout: own, settings: declared = [] }: AnyHandler, given: Given): Order {
  const { task = {}, settings = {}, timeout = own } = given;
  return {
    taskId: task.id ?? randomUUID(),
    type,
    attempt: given.attempt ?? 1,
    params: JSON.stringify(given.params ?? {}),
    createdAt: task.createdAt === undefined ? Date.now() : Date.parse(task.createdAt),
    priority: task.priority ?? 5,
    tags: task.tags ?? [],
    group: task.group ?? null,
    run: task.run ?? null,
    timeoutMs: timeout === undefined ? null : durationMs(timeout),
    resume: given.resume ?? null,
    handlerUrl: '',
    handlerVersion: '',
    // As in a worker: what a handler has not declared does not reach it.
    settings: Object.fromEntries(Object.entries(settings).filter(([key]) => declared.includes(key))),
  };
}
