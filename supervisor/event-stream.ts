/**
 * Durable entries on their way to whoever watches: page, log, metrics. The last ones are held, so that a watcher who was
 * away for a moment goes on exactly where it stopped.
 */
import type { Event } from './core/event.ts';
import type { EventSource, PublishedEvent } from './facade.ts';

const eventsHeldMax = 10_000;

interface Recorded {
  readonly seq: number;
  readonly at: number;
  readonly event: Event;
}

export class EventStream implements EventSource {
  readonly epoch: number;
  readonly #held: (Recorded | undefined)[] = new Array(eventsHeldMax);
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
    this.#held[seq % eventsHeldMax] = { seq, at, event: slim(event) };
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
      const recorded = this.#held[seq % eventsHeldMax];
      if (recorded?.seq === seq) events.push(this.#publish(recorded));
    }
    return events;
  }

  #publish({ seq, at, event }: Recorded): PublishedEvent {
    const { e, ...members } = event as { e: string; id?: string; params?: string };
    const { params: _params, ...data } = members;
    return { epoch: this.epoch, seq, at, name: e, task: typeof members.id === 'string' ? members.id : null, data };
  }
}

const heldTextCharsMax = 1_024;

/** Without what may be large and can be asked for: ten thousand of these are held. */
function slim(event: Event): Event {
  if (event.e === 'task.accepted') return { ...event, params: '' };
  if (event.e === 'attempt.checkpointed') return { ...event, data: '' };
  if (event.e !== 'attempt.ended' || (event.result?.length ?? 0) <= heldTextCharsMax) return event;
  const { result: _result, ...rest } = event;
  return rest;
}
