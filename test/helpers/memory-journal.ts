/** A journal in memory: entries in groups that are kept whole, a snapshot walked slice by slice, and what a restart reads. */
import type { Clock } from '../../supervisor/clock.ts';
import { apply } from '../../supervisor/core/apply.ts';
import { encodeEvent } from '../../supervisor/core/codec.ts';
import { decodeEvent } from '../../supervisor/core/decode.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { freshState, type State } from '../../supervisor/core/state.ts';
import { Replay } from '../../supervisor/replay.ts';
import { StateWalk } from '../../supervisor/snapshotter.ts';

/** An entry; those of one group are kept all or not at all. */
export interface Line {
  readonly seq: number;
  readonly at: number;
  readonly body: string;
  readonly event: Event;
  readonly group: number;
}

interface Walking {
  readonly walk: StateWalk;
  readonly seq: number;
  readonly lines: { seq: number; body: string }[];
}

export class MemoryJournal {
  state: State = freshState();
  readonly #clock: Clock;
  #snapshot: { seq: number; body: string }[] = [];
  #snapshotSeq = 0;
  #walking: Walking | null = null;
  readonly #lines: Line[] = [];
  #durable = 0;
  #group = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Everything that was written down, the first first. */
  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** Called with everything that is written down. */
  written: (event: Event) => void = () => {};

  record(event: Event): number {
    return this.recordGroup([event]);
  }

  recordGroup(events: readonly Event[]): number {
    const group = this.#group++;
    for (const event of events) this.#append(event, group);
    for (const event of events) this.written(event);
    return this.state.seq;
  }

  #append(event: Event, group: number): void {
    const { state } = this;
    const seq = state.seq + 1;
    const at = this.#clock.wall();
    apply(state, event, { seq, at, params: null, missingUntil: 0 });
    const body = encodeEvent(event);
    // What cannot be read back is found here and not at a restart.
    decodeEvent(Buffer.from(body), 0, Buffer.byteLength(body), state);
    this.#lines.push({ seq, at, body, event, group });
  }

  /** Somebody has been told of what is written down so far: no power cut takes it back. */
  acknowledge(): void {
    this.#durable = this.#lines.length;
  }

  /** Killed before the newest entries were on disk, as many as `part`, 0 to 1, says, but whole groups. */
  loseTail(part: number): void {
    let kept = this.#lines.length - Math.floor(part * (this.#lines.length - this.#durable));
    while (kept > this.#durable && this.#lines[kept]?.group === this.#lines[kept - 1]?.group) kept--;
    this.#lines.length = kept;
  }

  /** Everything in memory is lost, and read back from the last snapshot on. */
  readBack(): void {
    this.#walking = null;
    const replay = new Replay(() => freshState());
    for (const { seq, body } of this.#snapshot) {
      const bytes = Buffer.from(body);
      replay.entity(seq, bytes, 0, bytes.length, 0, 0);
    }
    for (const { seq, at, body } of this.#lines) {
      if (seq <= this.#snapshotSeq) continue;
      const bytes = Buffer.from(body);
      replay.entry(seq, at, bytes, 0, bytes.length, 0, 0);
    }
    replay.settle();
    this.state = replay.state;
  }

  get takesSnapshot(): boolean {
    return this.#walking !== null;
  }

  /** Its slices are taken one by one: what happens between them happens while the state is walked. */
  beginSnapshot(): void {
    let now = 0;
    // Each look at the clock is a slice's time later, so that a slice is as small as it can be.
    const clock = { wall: () => this.#clock.wall(), monotonic: () => (now += 10), after: () => () => {} };
    this.#walking = { walk: new StateWalk(this.state, clock, async () => {}), seq: this.state.seq, lines: [] };
  }

  /** From now on a restart begins here. */
  takeSnapshot(): void {
    this.beginSnapshot();
    while (this.takesSnapshot) this.goOnWithSnapshot();
  }

  goOnWithSnapshot(): void {
    const walking = this.#walking;
    if (!walking) return;
    const slice = walking.walk.next();
    if (slice) {
      for (const { seq, body } of slice) walking.lines.push({ seq, body });
      walking.walk.placed(0, new Float64Array(slice.length));
      return;
    }
    walking.walk.published();
    this.#walking = null;
    this.#snapshot = walking.lines;
    this.#snapshotSeq = walking.seq;
    // It is not published before all that it may know of is on disk.
    this.acknowledge();
  }
}
