/**
 * Task ids: UUIDv7 (RFC 9562, 5.7), so that ids sort by the moment of acceptance. Within one millisecond a counter of 24
 * bits goes up (6.2, method 1); when the wall clock goes back, ids go on from the latest moment they have seen.
 */
import { createdAt } from './task.ts';

const counterStartMax = 0x7fffff;
const counterMax = 0xffffff;
const DIGITS = Buffer.from('0123456789abcdef', 'latin1');
/** Where the digits of each part begin in the text. */
const place = { ms: 0, msLow: 9, counter: 14, counterLow: 19, chance: 24 } as const;
const chanceBytes = 6;

export class IdMaker {
  readonly #fill: (buffer: Uint8Array) => void;
  readonly #pool = new Uint8Array(8_184);
  /** Made in place and read out at once: a string put together from pieces is flattened at its first use as a key. */
  readonly #text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1');
  #used = this.#pool.length;
  #ms = 0;
  #counter = 0;

  /** @param fill fills a buffer by chance; injected so that a simulation repeats itself */
  constructor(fill: (buffer: Uint8Array) => void) {
    this.#fill = fill;
  }

  /** No id made from now on sorts before `id`: called for those a restart finds. */
  goOnAfter(id: string): void {
    const ms = createdAt(id);
    if (ms >= this.#ms) this.#begin(ms + 1);
  }

  /** @param now ms since 1970 */
  next(now: number): string {
    if (now > this.#ms) this.#begin(now);
    else if (this.#counter >= counterMax) this.#begin(this.#ms + 1);
    else this.#counter++;
    const counter = this.#counter;
    this.#write(place.counter, 4, 0x7000 | (counter >> 12));
    this.#write(place.counterLow, 4, 0x8000 | (counter & 0xfff));
    this.#draw(chanceBytes);
    for (let index = 0; index < chanceBytes; index++) {
      this.#write(place.chance + index * 2, 2, this.#pool[this.#used - chanceBytes + index] as number);
    }
    return this.#text.toString('latin1');
  }

  #begin(ms: number): void {
    this.#ms = ms;
    this.#write(place.ms, 8, Math.floor(ms / 0x10000));
    this.#write(place.msLow, 4, ms % 0x10000);
    this.#draw(3);
    const at = this.#used - 3;
    const [a, b, c] = [this.#pool[at] as number, this.#pool[at + 1] as number, this.#pool[at + 2] as number];
    this.#counter = ((a << 16) | (b << 8) | c) & counterStartMax;
  }

  /** Moves on by so many random bytes, which end at `#used`. */
  #draw(bytes: number): void {
    if (this.#used + bytes > this.#pool.length) {
      this.#fill(this.#pool);
      this.#used = 0;
    }
    this.#used += bytes;
  }

  #write(at: number, digits: number, value: number): void {
    let rest = value >>> 0;
    for (let index = at + digits - 1; index >= at; index--) {
      this.#text[index] = DIGITS[rest & 0xf] as number;
      rest >>>= 4;
    }
  }
}
