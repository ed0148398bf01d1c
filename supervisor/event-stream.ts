/**
 * Durable entries on their way to whoever watches: page, log, metrics. The last ones are held, so that a watcher who was
 * away for a moment goes on exactly where it stopped.
 */
import type { Event, LibraryPut } from './core/event.ts';
import type { EventSource, PublishedEvent } from './facade.ts';

const eventsHeldMax = 10_000;
const paramsCharsHeldMax = 512;

/** Of changes of the library, how many records there were. */
type Held =
  | Exclude<Event, LibraryPut>
  | (Omit<LibraryPut, 'playlists' | 'tracks'> & { readonly playlists: number; readonly tracks: number });

export class EventStream implements EventSource {
  readonly epoch: number;
  /** By sequence number, modulo their number. */
  readonly #held: (Held | undefined)[] = new Array(eventsHeldMax);
  readonly #heldAt = new Float64Array(eventsHeldMax);
  readonly #listeners = new Set<(events: readonly PublishedEvent[]) => void>();
  #first: number;
  #recorded: number;
  #published: number;

  /** @param seq sequence number of the last entry before this incarnation's own */
  constructor(epoch: number, seq: number) {
    this.epoch = epoch;
    this.#first = seq + 1;
    this.#recorded = this.#published = seq;
  }

  get seq(): number {
    return this.#published;
  }

  /** Takes an entry as it is recorded; it is published when it is durable. */
  add(seq: number, at: number, event: Event): void {
    this.#held[seq % eventsHeldMax] = slim(event);
    this.#heldAt[seq % eventsHeldMax] = at;
    this.#recorded = seq;
    if (seq - this.#first >= eventsHeldMax) this.#first = seq - eventsHeldMax + 1;
  }

  durable(seq: number): void {
    const from = this.#published;
    this.#published = Math.min(seq, this.#recorded);
    if (this.#listeners.size === 0 || this.#published === from) return;
    const events = this.#between(from, this.#published);
    for (const listener of this.#listeners) listener(events);
  }

  since(seq: number): readonly PublishedEvent[] | null {
    if (seq + 1 < this.#first || seq > this.#published) return null;
    return this.#between(seq, this.#published);
  }

  subscribe(listener: (events: readonly PublishedEvent[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** After `from`, up to `to`; what a burst pushed out before it was durable is left out, and the gap shows in the numbers. */
  #between(from: number, to: number): PublishedEvent[] {
    const events: PublishedEvent[] = [];
    for (let seq = Math.max(from + 1, this.#first); seq <= to; seq++) {
      const event = this.#held[seq % eventsHeldMax];
      if (event) events.push(this.#publish(seq, event));
    }
    return events;
  }

  #publish(seq: number, event: Held): PublishedEvent {
    const at = this.#heldAt[seq % eventsHeldMax] as number;
    const { e, ...members } = event as { e: string; id?: string; params?: string; value?: string };
    const { params: _params, value: _value, ...data } = members;
    return { epoch: this.epoch, seq, at, name: e, task: typeof members.id === 'string' ? members.id : null, data };
  }
}

/** Without what may be large and can be asked for: ten thousand of these are held, and each goes to every watcher. */
function slim(event: Event): Held {
  switch (event.e) {
    case 'task.accepted': {
      // A copy is not worth it for params that the task holds anyway.
      if (event.params.length <= paramsCharsHeldMax) return event;
      const { e, id, key, runAt, relative, retryOf, options } = event;
      return { e, id, key, runAt, relative, retryOf, options, params: '' };
    }
    case 'attempt.checkpointed':
      return { ...event, data: '' };
    case 'store.set':
      return { ...event, value: '' };
    case 'library.put':
      // Records are asked for; what is told is that there is something to ask for.
      return { ...event, playlists: event.playlists?.length ?? 0, tracks: event.tracks?.length ?? 0 };
    case 'attempt.ended': {
      if (event.result === undefined && event.log === undefined) return event;
      const { result: _result, log: _log, ...rest } = event;
      return rest;
    }
    default:
      return event;
  }
}
