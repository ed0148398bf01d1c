/**
 * Task ids: UUIDv7 (RFC 9562, 5.7), so that ids sort by the moment of acceptance. Within one millisecond a counter of 24
 * bits goes up (6.2, method 1); when the wall clock goes back, ids go on from the latest moment they have seen.
 */
const counterStartMax = 0x7fffff;
const counterMax = 0xffffff;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** @param randomBytes fills a buffer by chance; injected so that a simulation repeats itself */
export class IdMaker {
  readonly #fill: (buffer: Uint8Array) => void;
  readonly #pool = new Uint8Array(8_192);
  #used = this.#pool.length;
  #ms = 0;
  #counter = 0;
  #prefix = '';

  constructor(fill: (buffer: Uint8Array) => void) {
    this.#fill = fill;
  }

  /** No id made from now on sorts before `id`: called for those a restart finds. */
  goOnAfter(id: string): void {
    const ms = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
    if (ms >= this.#ms) this.#begin(ms + 1);
  }

  /** @param now ms since 1970 */
  next(now: number): string {
    if (now > this.#ms) this.#begin(now);
    else if (this.#counter >= counterMax) this.#begin(this.#ms + 1);
    else this.#counter++;
    const counter = this.#counter;
    const low = 0x8000 | (counter & 0xfff);
    return `${this.#prefix}${HEX[0x70 | (counter >> 20)]}${HEX[(counter >> 12) & 0xff]}-${HEX[low >> 8]}${HEX[low & 0xff]}-${this.#hex(6)}`;
  }

  #begin(ms: number): void {
    this.#ms = ms;
    const hex = ms.toString(16).padStart(12, '0');
    this.#prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-`;
    this.#counter = Number.parseInt(this.#hex(3), 16) & counterStartMax;
  }

  #hex(bytes: number): string {
    if (this.#used + bytes > this.#pool.length) {
      this.#fill(this.#pool);
      this.#used = 0;
    }
    let text = '';
    for (let index = 0; index < bytes; index++) text += HEX[this.#pool[this.#used++] as number];
    return text;
  }
}
