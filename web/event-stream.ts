/**
 * Published events as server-sent events. A client pulls: it has a position, and takes what lies behind it as fast as
 * its connection does. So nothing piles up for a slow one, resuming is the same as being slow, and whoever has fallen
 * behind what is still held is told so by `snapshot` and goes on from now.
 */
import { Readable } from 'node:stream';
import type { Clock } from '../supervisor/clock.ts';
import { Refusal } from '../supervisor/core/refusal.ts';
import type { EventSource, PublishedEvent } from '../supervisor/facade.ts';
import {
  eventCharsPerWriteMax,
  eventClientsMax,
  eventGatherMs,
  eventsPerWriteMax,
  heartbeatMs,
  stalledMsMax,
} from './limits.ts';

const bufferBytesMax = 64 * 1024;
const retryMs = 2_000;

interface Encoded {
  readonly first: PublishedEvent | undefined;
  readonly last: PublishedEvent | undefined;
  readonly count: number;
  readonly text: string;
}

const NOTHING: Encoded = { first: undefined, last: undefined, count: 0, text: '' };

/** All clients together: one subscription, one heartbeat, none of them while nobody listens. */
export class EventStreams {
  readonly source: EventSource;
  readonly clock: Clock;
  readonly #clients = new Set<EventStream>();
  readonly #stops: (() => void)[] = [];
  #gathering = false;
  #encoded = NOTHING;

  constructor(source: EventSource, clock: Clock) {
    this.source = source;
    this.clock = clock;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** @param lastEventId `EPOCH-SEQUENCE` of the last event the client has, or null to begin now */
  open(lastEventId: string | null): Readable {
    if (this.#clients.size >= eventClientsMax) {
      throw new Refusal('rate_limited', `${eventClientsMax} clients follow the events already; close one`);
    }
    const client = new EventStream(this, lastEventId, () => this.#left(client));
    this.#clients.add(client);
    if (this.#clients.size === 1) this.#begin();
    return client;
  }

  endAll(): void {
    for (const client of this.#clients) client.finish();
  }

  /** As many from the front as one write takes. Clients in step are given the same text, made once. */
  encode(events: readonly PublishedEvent[]): Encoded {
    const { first, last, count } = this.#encoded;
    if (count > 0 && events[0] === first && events[count - 1] === last) return this.#encoded;
    this.#encoded = encodeFront(events);
    return this.#encoded;
  }

  #begin(): void {
    this.#stops.push(this.source.subscribe(() => this.#gather()));
    this.#beat();
  }

  #left(client: EventStream): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    for (const stop of this.#stops.splice(0)) stop();
    this.#gathering = false;
    this.#encoded = NOTHING;
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    this.#later(eventGatherMs, () => {
      this.#gathering = false;
      for (const client of this.#clients) client.pump();
    });
  }

  #beat(): void {
    this.#later(heartbeatMs, () => {
      for (const client of this.#clients) client.beat();
      if (this.#clients.size > 0) this.#beat();
    });
  }

  #later(delayMs: number, call: () => void): void {
    const cancel = this.clock.after(delayMs, () => {
      this.#stops.splice(this.#stops.indexOf(cancel), 1);
      call();
    });
    this.#stops.push(cancel);
  }
}

class EventStream extends Readable {
  readonly #streams: EventStreams;
  readonly #left: () => void;
  #epoch: number;
  #seq: number;
  #known: boolean;
  #backlog: readonly PublishedEvent[] = [];
  #begun = false;
  #hungry = false;
  #over = false;
  #movedAt: number;

  constructor(streams: EventStreams, lastEventId: string | null, left: () => void) {
    super({ highWaterMark: bufferBytesMax });
    const { source } = streams;
    this.#streams = streams;
    this.#left = left;
    this.#movedAt = streams.clock.monotonic();
    const last = lastEventId === null ? { epoch: source.epoch, seq: source.seq } : parseEventId(lastEventId);
    this.#known = last !== null && last.epoch === source.epoch && last.seq <= source.seq;
    this.#epoch = source.epoch;
    this.#seq = this.#known && last ? last.seq : source.seq;
  }

  override _read(): void {
    this.#hungry = true;
    this.pump();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#left();
    done(error);
  }

  /** Takes on until the connection has enough. */
  pump(): void {
    while (this.#hungry && !this.#over && !this.destroyed) {
      const text = this.#nextText();
      if (text === '') return;
      this.#movedAt = this.#streams.clock.monotonic();
      this.#hungry = this.push(text);
    }
  }

  finish(): void {
    this.#over = true;
    this.push(null);
  }

  beat(): void {
    if (this.#over) return;
    if (this.#hungry) this.#hungry = this.push(':\n\n');
    else if (this.#streams.clock.monotonic() - this.#movedAt > stalledMsMax) this.destroy();
  }

  #nextText(): string {
    if (!this.#begun) return this.#beginning();
    const { source } = this.#streams;
    if (source.epoch !== this.#epoch) return this.#snapshot('unknown');
    if (this.#backlog.length === 0) {
      if (source.seq === this.#seq) return '';
      const missed = source.since(this.#seq);
      if (missed === null) return this.#snapshot('gap');
      this.#backlog = missed;
    }
    const { last, count, text } = this.#streams.encode(this.#backlog);
    this.#backlog = this.#backlog.slice(count);
    this.#seq = last?.seq ?? this.#seq;
    return text;
  }

  /** The id alone, without data, is no event but tells the client where it stands before any has come. */
  #beginning(): string {
    this.#begun = true;
    const opening = `retry: ${retryMs}\nid: ${this.#epoch}-${this.#seq}\n\n`;
    return this.#known ? opening : `retry: ${retryMs}\n${this.#snapshot('unknown')}`;
  }

  #snapshot(reason: 'unknown' | 'gap'): string {
    const { epoch, seq } = this.#streams.source;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#backlog = [];
    return `id: ${epoch}-${seq}\nevent: snapshot\ndata: ${JSON.stringify({ epoch, seq, reason })}\n\n`;
  }
}

function encodeFront(events: readonly PublishedEvent[]): Encoded {
  let text = '';
  let count = 0;
  for (const event of events) {
    if (count === eventsPerWriteMax || text.length >= eventCharsPerWriteMax) break;
    text += eventText(event);
    count++;
  }
  return { first: events[0], last: events[count - 1], count, text };
}

function parseEventId(text: string): { epoch: number; seq: number } | null {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text);
  return match ? { epoch: Number(match[1]), seq: Number(match[2]) } : null;
}

/** One line of data, since JSON has no line breaks of its own. */
function eventText(event: PublishedEvent): string {
  const data = JSON.stringify({
    ...event.data,
    name: event.name,
    task: event.task,
    at: new Date(event.at).toISOString(),
  });
  return `id: ${event.epoch}-${event.seq}\nevent: ${event.name}\ndata: ${data}\n\n`;
}
