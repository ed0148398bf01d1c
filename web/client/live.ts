/**
 * What a page shows, kept true: loaded when the page opens, and again when an event concerns it. Events are collected
 * and looked at four times a second at most, however many come, and a slow answer makes the next question wait longer.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Problem } from './api.ts';
import { type LiveEvent, onEvent, onRefresh } from './stream.ts';

export const updateEveryMs = 250;

export interface Live<T> {
  readonly value: ReadonlySignal<T | null>;
  readonly problem: ReadonlySignal<Problem | null>;
  /** Loads now, whatever the pace. */
  reload(): void;
  /** Shows what an action of one's own was answered with, newer than any load under way. */
  put(value: T): void;
}

export interface LiveOptions<T> {
  load(signal: AbortSignal): Promise<T>;
  /** Whether the answer may be another one after this event. */
  concerns(event: LiveEvent): boolean;
  /** Applies what an event carries without asking the server; the value itself when it carries nothing. */
  apply?(value: T, event: LiveEvent): T;
  /** Least time between two loads. */
  everyMs?: number;
}

interface Watched {
  take(events: readonly LiveEvent[]): void;
}
const watched = new Set<Watched>();
let collected: LiveEvent[] = [];
let timer = 0;

onEvent((event) => {
  collected.push(event);
  if (timer === 0) timer = window.setTimeout(flush, updateEveryMs);
});

function flush(): void {
  const events = collected;
  collected = [];
  timer = 0;
  batch(() => {
    for (const one of watched) one.take(events);
  });
}

/** A load may take this share of the time; a struggling server is asked less often. */
const restPerLoad = 3;

export function watch<T>(options: LiveOptions<T>): Live<T> & { stop(): void } {
  const value = signal<T | null>(null);
  const problem = signal<Problem | null>(null);
  let running: AbortController | null = null;
  let stale = false;
  let notBefore = 0;
  let later = 0;

  async function load(): Promise<void> {
    clearTimeout(later);
    running?.abort();
    const mine = new AbortController();
    running = mine;
    stale = false;
    const began = performance.now();
    try {
      const loaded = await options.load(mine.signal);
      if (running !== mine) return;
      batch(() => {
        value.value = loaded;
        problem.value = null;
      });
    } catch (error) {
      if (running !== mine) return;
      problem.value = error instanceof Problem ? error : new Problem(0, 'page', String(error));
    }
    running = null;
    const ended = performance.now();
    notBefore = Math.max(began + (options.everyMs ?? updateEveryMs), ended + (ended - began) * restPerLoad);
    if (stale) soon();
  }

  function soon(): void {
    stale = true;
    if (running) return;
    clearTimeout(later);
    later = window.setTimeout(load, Math.max(0, notBefore - performance.now()));
  }

  function take(events: readonly LiveEvent[]): void {
    if (options.apply && value.value !== null) value.value = events.reduce(options.apply, value.value);
    if (events.some(options.concerns)) soon();
  }

  const self: Watched = { take };
  watched.add(self);
  const offRefresh = onRefresh(() => void load());
  void load();
  return {
    value,
    problem,
    reload: () => void load(),
    put(answered) {
      running?.abort();
      running = null;
      value.value = answered;
    },
    stop() {
      watched.delete(self);
      offRefresh();
      clearTimeout(later);
      running?.abort();
      running = null;
    },
  };
}

/** `watch` for as long as a component stands. The key stands for the options: another one is another question. */
export function useLive<T>(key: string, options: LiveOptions<T>): Live<T> {
  const live = useMemo(() => watch(options), [key]);
  useEffect(() => () => live.stop(), [live]);
  return live;
}
