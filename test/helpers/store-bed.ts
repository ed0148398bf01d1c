/** The store on a clock that is moved by hand: the real desk over a journal in memory. `restart` reads the lines back. */
import { passTime } from '../../supervisor/core/decide/pass-time.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { StoreDesk } from '../../supervisor/store-desk.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryJournal } from './memory-journal.ts';

export class StoreBed {
  readonly clock = new ManualClock('2026-11-26T12:00:00Z');
  readonly journal = new MemoryJournal(this.clock);
  desk!: StoreDesk;
  storeBytesMax: number;

  constructor(storeBytesMax = 64 * 1024 * 1024) {
    this.storeBytesMax = storeBytesMax;
    this.#build();
  }

  get store() {
    return this.journal.state.store;
  }

  get events(): readonly Event[] {
    return this.journal.lines.map(({ event }) => event);
  }

  /** Everything in memory is lost and read back. */
  restart(): void {
    this.journal.readBack();
    this.#build();
  }

  /** What time brings is looked at when it has passed, as the timekeeper does. */
  pass(ms: number): void {
    this.clock.advance(ms);
    for (const event of passTime(this.journal.state, this.clock.wall())) this.journal.record(event);
  }

  /** All that a restart must bring back, in an order of its own. */
  picture(): unknown {
    const { byKey, bytes, expiring } = this.store;
    return { bytes, expiring, stored: [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1)) };
  }

  #build(): void {
    const { state } = this.journal;
    state.limits = { ...state.limits, storeBytesMax: this.storeBytesMax };
    this.desk = new StoreDesk({
      state,
      recorder: this.journal,
      clock: this.clock,
      durable: () => undefined,
      mayChange: () => {},
    });
  }
}
