/**
 * Params that a handler's schema refuses are refused with the task, before anything is accepted. The schema is asked in a
 * process of its own, made when first needed. What cannot be asked in time is accepted: the attempt asks again.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CheckAnswer, CheckOrder, HandlerDescription, WrongParams } from '../../workers/contract.ts';
import type { Clock } from '../clock.ts';
import { type Mistake, Refusal } from '../core/refusal.ts';
import type { TaskInput } from '../core/task-input.ts';
import type { Log } from '../log.ts';

/** Params of one message: more come one message after another, so that none keeps the supervisor busy for long. */
const paramsPerMessageMax = 1_000;
const answerMsMax = 5_000;
/** The process ends after so long without a question. */
const idleMs = 60_000;
const mistakesShownMax = 100;

export interface ParamsCheckParts {
  readonly clock: Clock;
  readonly log: Log;
  handlerOf(type: string): HandlerDescription | undefined;
}

export class ParamsCheck {
  readonly #parts: ParamsCheckParts;
  #child: ChildProcess | null = null;
  #stopIdle: (() => void) | null = null;
  /** Versions that gave no answer, by URL: they are not asked again. */
  readonly #silent = new Set<string>();
  /** One question at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(parts: ParamsCheckParts) {
    this.#parts = parts;
  }

  /**
   * @returns null when nobody has to be asked
   * @throws Refusal `validation` that names each place, when the promise is awaited
   */
  check(inputs: readonly TaskInput[]): Promise<void> | null {
    const asked = new Map<HandlerDescription, number[]>();
    for (const [index, { type }] of inputs.entries()) {
      const handler = this.#parts.handlerOf(type);
      if (!handler?.checksParams || this.#silent.has(handler.url)) continue;
      const places = asked.get(handler);
      if (places) places.push(index);
      else asked.set(handler, [index]);
    }
    return asked.size === 0 ? null : this.#askAll(inputs, asked);
  }

  /** After a change of handlers: what it has loaded is of no more use. */
  renew(): void {
    this.#silent.clear();
    void this.#inTurn(async () => this.#end());
  }

  async close(): Promise<void> {
    this.#end();
    await this.#turn;
  }

  async #askAll(inputs: readonly TaskInput[], asked: ReadonlyMap<HandlerDescription, readonly number[]>) {
    const wrong: WrongParams[] = [];
    for (const [handler, places] of asked) {
      for (let from = 0; from < places.length && wrong.length < mistakesShownMax; from += paramsPerMessageMax) {
        const some = places.slice(from, from + paramsPerMessageMax);
        const params = some.map((index) => (inputs[index] as TaskInput).params);
        const answer = await this.#inTurn(() => this.#ask(handler, params));
        for (const one of answer) wrong.push({ ...one, index: some[one.index] as number });
      }
    }
    if (wrong.length > 0) throw refusal(wrong, inputs.length === 1);
  }

  async #ask({ url, version, type }: HandlerDescription, params: readonly string[]): Promise<readonly WrongParams[]> {
    if (this.#silent.has(url)) return [];
    this.#stopIdle?.();
    this.#child ??= startProcess();
    const order = { handlerUrl: url, handlerVersion: version, params };
    const { answer, why } = await answerOf(this.#child, order, this.#parts.clock);
    if (answer === undefined) this.#end();
    else this.#stopIdle = this.#parts.clock.after(idleMs, () => void this.#inTurn(async () => this.#end()));
    if (answer) return answer;
    this.#silent.add(url);
    this.#parts.log.warn({ type, version }, `params of ${type} are accepted unchecked: its schema ${why}`);
    return [];
  }

  #end(): void {
    this.#stopIdle?.();
    this.#stopIdle = null;
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** @returns no answer at all when the process is of no more use */
function answerOf(
  child: ChildProcess,
  order: CheckOrder,
  clock: Clock,
): Promise<{ answer?: CheckAnswer; why: string }> {
  return new Promise((resolve) => {
    const end = (told: { answer?: CheckAnswer; why: string }) => {
      cancel();
      child.removeAllListeners();
      child.on('error', () => {});
      resolve(told);
    };
    const cancel = clock.after(answerMsMax, () => end({ why: `gave no answer within ${answerMsMax / 1_000} s` }));
    child.once('message', ({ answer }: { answer: CheckAnswer }) => end({ answer, why: 'could not be asked' }));
    child.once('error', (error) => end({ why: `could not be asked: ${error.message}` }));
    child.once('exit', () => end({ why: 'ended the process that asks it' }));
    child.send(order, () => {});
  });
}

function startProcess(): ChildProcess {
  const file = fileURLToPath(new URL('../../workers/check-params.js', import.meta.url));
  return fork(file, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced' });
}

function refusal(wrong: readonly WrongParams[], alone: boolean): Refusal {
  const ordered = [...wrong].sort((a, b) => a.index - b.index);
  const [first] = ordered;
  if (alone && first) return new Refusal('validation', first.said, first.issues);
  const mistakes: Mistake[] = ordered.flatMap(({ index, issues }) =>
    issues.map(({ path, message }) => ({ path: path.replace('$', `$[${index}]`), message })),
  );
  const more = mistakes.length > 1 ? ' (and more, see errors)' : '';
  const text = `${mistakes[0]?.path} ${mistakes[0]?.message}${more}`;
  return new Refusal('validation', text, mistakes.slice(0, mistakesShownMax));
}
