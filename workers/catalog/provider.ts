/**
 * Asking a provider of metadata: as often as it permits, whichever attempts ask; what it has answered is not asked again for
 * weeks. Turns and answers are kept in the store.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type HandlerContext, type HandlerStore, RetryAfter } from '../define.ts';
import { patienceMs, unexpectedStatus } from '../http-status.ts';

export interface ProviderOptions {
  readonly name: string;
  /** Such as `https://musicbrainz.org`, without what every request adds. */
  readonly base: string;
  /** Address or web page of who asks; providers want to know whom to write to. */
  readonly contact: string;
}

/** Both permit one request a second. */
const intervalMs = 1_000;
const answerBytesMax = 4 * 1024 * 1024;
const [foundTtl, notFoundTtl, turnTtl] = ['30d', '7d', '10m'];
/** Asked for longer patience, the attempt ends instead of waiting. */
const patienceMsMax = 60_000;
const patienceDefaultMs = 5_000;
const turnsMax = 4;
/** Failures in a row. */
const failuresMax = 5;

export class Provider {
  readonly name: string;
  readonly #base: string;
  readonly #userAgent: string;
  readonly #ctx: HandlerContext;
  #failures = 0;

  constructor({ name, base, contact }: ProviderOptions, ctx: HandlerContext) {
    this.name = name;
    this.#base = base.replace(/\/+$/, '');
    this.#userAgent = `nightshift/${version()} ( ${contact} )`;
    this.#ctx = ctx;
  }

  /** After failures in a row nothing more is asked of it in this attempt. */
  get isGivenUp(): boolean {
    return this.#failures >= failuresMax;
  }

  /**
   * @param path with its query, from the base on
   * @param read what is kept of the answer; null where it holds nothing of use
   */
  async ask<Answer>(path: string, read: (answer: unknown) => Answer | null): Promise<Answer | null> {
    const { store } = this.#ctx;
    const key = `library/answers/${this.name}/${createHash('sha256').update(`${this.#base}${path}`).digest('hex').slice(0, 24)}`;
    const kept = await store.get(key);
    if (kept) return kept.value as Answer | null;
    try {
      const answer = read(await this.#fetch(path));
      this.#failures = 0;
      await keep(store, key, answer);
      return answer;
    } catch (error) {
      this.#ctx.signal.throwIfAborted();
      if (!(error instanceof RetryAfter)) this.#failures++;
      throw error;
    }
  }

  async #fetch(path: string): Promise<unknown> {
    const url = `${this.#base}${path}`;
    const headers = { accept: 'application/json', 'user-agent': this.#userAgent };
    for (let turn = 1; ; turn++) {
      await takeTurn(this.#ctx, this.name, intervalMs);
      const response = await this.#ctx.http.request(url, { headers });
      // Counted from its answer: a request that was long on its way would be followed too closely.
      await holdTurns(this.#ctx.store, this.name, intervalMs);
      if (response.status === 200) return response.json(answerBytesMax);
      await response.discard();
      if (response.status === 404) return null;
      const patience = patienceMs(response.headers['retry-after'], Date.now()) ?? patienceDefaultMs;
      const isBusy = response.status === 429 || response.status === 503;
      if (!isBusy || turn === turnsMax || patience > patienceMsMax)
        throw unexpectedStatus({ method: 'GET', ...response, excerpt: '' });
      await holdTurns(this.#ctx.store, this.name, patience);
    }
  }
}

/** A store that is full is no reason to do without what was answered. */
async function keep(store: HandlerStore, key: string, answer: unknown): Promise<void> {
  const ttl = answer === null ? notFoundTtl : foundTtl;
  await store.set(key, answer, { ttl }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'conflict' && error.code !== 'too_large') throw error;
  });
}

/** Resolves when it is this attempt's turn: turns of one name are `everyMs` apart, however many attempts take them. */
export async function takeTurn(
  { store, signal }: Pick<HandlerContext, 'store' | 'signal'>,
  name: string,
  everyMs: number,
): Promise<void> {
  const now = Date.now();
  const next = await moveTurns(store, name, (held) => Math.max(now, held) + everyMs);
  const at = next - everyMs;
  if (at > now) await wait(at - now, undefined, { signal });
}

/** Nobody's turn comes before so long. */
async function holdTurns(store: HandlerStore, name: string, ms: number): Promise<void> {
  const until = Date.now() + ms;
  await moveTurns(store, name, (held) => Math.max(held, until));
}

/** @returns when the next turn is, in ms since 1970 */
async function moveTurns(store: HandlerStore, name: string, moved: (held: number) => number): Promise<number> {
  const key = turnKey(name);
  for (;;) {
    const held = await store.get(key);
    const next = moved(Number(held?.value ?? 0));
    if (await isSet(store, key, next, held?.version ?? 0)) return next;
  }
}

async function isSet(store: HandlerStore, key: string, value: number, ifVersion: number): Promise<boolean> {
  try {
    await store.set(key, value, { ttl: turnTtl, ifVersion });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'precondition_failed') return false;
    throw error;
  }
}

function turnKey(name: string): string {
  return `library/turns/${name}`;
}

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
