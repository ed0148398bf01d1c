/**
 * Answers for the store. What is changed is decided and in memory in the turn in which it is asked for, one caller after
 * another; who asked hears of it when it is on disk, together with all others of the same batch.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './clock.ts';
import { type Condition, clearExpired, deleteKey, incrementValue, lacksRoom, setValue } from './core/decide/store.ts';
import { askedBy, type Event } from './core/event.ts';
import { type Mistake, Refusal, refusalOf } from './core/refusal.ts';
import type { State } from './core/state.ts';
import { checkKey, readIncrement, readTtl, readValue } from './core/store/input.ts';
import { pageOf, type StoreQuery } from './core/store/list.ts';
import { heldAt, type Stored } from './core/store/store.ts';
import type { Actor } from './facade.ts';
import type { Recorder } from './recorder.ts';
import type { Cleared, IncrementRequest, SetRequest, StoreFacade, StoreUsage } from './store-facade.ts';

const longestNumber = String(Number.MIN_SAFE_INTEGER);

export interface StoreDeskParts {
  readonly state: State;
  readonly recorder: Pick<Recorder, 'record'>;
  readonly clock: Clock;
  /** Resolves when this entry is on disk; undefined when it is already. */
  readonly durable: (seq: number) => Promise<void> | undefined;
  /** @throws Refusal when nothing new is taken now; a stop is no reason for what runs */
  readonly mayChange: (whileDraining: boolean) => void;
}

export class StoreDesk implements StoreFacade {
  readonly #parts: StoreDeskParts;
  readonly #ofHandlers: boolean;

  /** @param ofHandlers what is asked comes of attempts under way, which a stop lets end */
  constructor(parts: StoreDeskParts, ofHandlers = false) {
    this.#parts = parts;
    this.#ofHandlers = ofHandlers;
  }

  async get(key: unknown): Promise<Stored | null> {
    const { state, clock, durable } = this.#parts;
    const held = heldAt(state.store, checkedKey(key), clock.wall());
    // That it is not there may be the news of an entry that is not on disk yet.
    const waiting = durable(held?.version ?? state.seq);
    if (waiting) await waiting;
    return held;
  }

  async list(query: StoreQuery) {
    const { state, clock } = this.#parts;
    const page = { ...pageOf(state.store, query, clock.wall()), usage: this.#usage() };
    await this.#settled();
    return page;
  }

  async set({ key, value, ttl, condition = null }: SetRequest, actor: Actor) {
    this.#parts.mayChange(this.#ofHandlers);
    const mistakes: Mistake[] = [];
    checkKey(key, 'key', mistakes);
    const text = readValue(value, '$.value', mistakes);
    const ttlMs = readTtl(ttl, '$.ttl', mistakes);
    if (mistakes.length > 0) throw refusalOf(mistakes);
    if (text instanceof Refusal) throw text;
    const given = { key: key as string, value: text as string, ttlMs, condition };
    const now = this.#now;
    this.#makeRoom(given, now);
    const created = heldAt(this.#store, given.key, now) === null;
    const stored = await this.#put(given.key, setValue(this.#store, this.#limits, given, now, askedBy(actor)));
    return { stored, created };
  }

  async increment({ key, by: given, ttl }: IncrementRequest, actor: Actor): Promise<Stored> {
    this.#parts.mayChange(this.#ofHandlers);
    const mistakes: Mistake[] = [];
    checkKey(key, 'key', mistakes);
    const by = readIncrement(given, '$.by', mistakes);
    const ttlMs = readTtl(ttl, '$.ttl', mistakes);
    if (mistakes.length > 0) throw refusalOf(mistakes);
    const wanted = { key: key as string, by, ttlMs };
    const now = this.#now;
    this.#makeRoom({ key: wanted.key, value: longestNumber }, now);
    return this.#put(wanted.key, incrementValue(this.#store, this.#limits, wanted, now, askedBy(actor)));
  }

  async delete(key: unknown, condition: Condition, actor: Actor): Promise<boolean> {
    const decision = deleteKey(this.#store, checkedKey(key), condition, this.#now, askedBy(actor));
    if (decision instanceof Refusal) return this.#refuse(decision);
    this.#record(decision);
    await this.#settled();
    return decision.length > 0;
  }

  async cleanUp(): Promise<Cleared> {
    const cleared = { keys: 0, bytes: 0 };
    for (;;) {
      const { byKey, bytes } = this.#store;
      const keys = byKey.size;
      if (!this.#clear(this.#now)) break;
      cleared.keys += keys - byKey.size;
      cleared.bytes += bytes - this.#store.bytes;
      await nextTurn();
    }
    await this.#settled();
    return cleared;
  }

  async #put(key: string, decision: readonly Event[] | Refusal): Promise<Stored> {
    if (decision instanceof Refusal) return this.#refuse(decision);
    this.#record(decision);
    const stored = this.#store.byKey.get(key) as Stored;
    const waiting = this.#parts.durable(stored.version);
    if (waiting) await waiting;
    return stored;
  }

  /** What has expired makes way before anybody is refused. */
  #makeRoom(given: Pick<Stored, 'key' | 'value'>, now: number): void {
    while (lacksRoom(this.#store, this.#limits, given) && this.#clear(now));
  }

  #clear(now: number): boolean {
    const events = clearExpired(this.#store, now);
    this.#record(events);
    return events.length > 0;
  }

  #record(events: readonly Event[]): void {
    for (const event of events) this.#parts.recorder.record(event);
  }

  /** What a refusal rests on is on disk before it is heard. */
  async #refuse(refusal: Refusal): Promise<never> {
    await this.#settled();
    throw refusal;
  }

  async #settled(): Promise<void> {
    await this.#parts.durable(this.#parts.state.seq);
  }

  #usage(): StoreUsage {
    return { keys: this.#store.byKey.size, bytes: this.#store.bytes, bytesMax: this.#limits.storeBytesMax };
  }

  get #store() {
    return this.#parts.state.store;
  }

  get #limits() {
    return this.#parts.state.limits;
  }

  get #now(): number {
    return this.#parts.clock.wall();
  }
}

function checkedKey(key: unknown): string {
  const mistakes: Mistake[] = [];
  checkKey(key, 'key', mistakes);
  if (mistakes.length > 0) throw refusalOf(mistakes);
  return key as string;
}
