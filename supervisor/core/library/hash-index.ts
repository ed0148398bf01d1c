/**
 * Numbers of tracks by what they have, such as the digest of a file: eight bytes for each place of the table and none for
 * what is looked for. Who looks compares the records of those that are found: two things may have the same hash.
 */
import { hash } from 'node:crypto';

const placesMin = 16;
const FREE = 0;
const LEFT = -1;

/** Of SHA-1, so that no feed can choose addresses that all have the same one. */
export function hashOf(text: string): number {
  return hash('sha1', text, 'buffer').readUInt32LE(0);
}

export class HashIndex {
  #hashes = new Uint32Array(placesMin);
  /** One more than the number that stands there, or `FREE`, or `LEFT`: one has gone, those behind it have not. */
  #numbers = new Int32Array(placesMin);
  #taken = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(hash: number, number: number): void {
    if ((this.#taken + 1) * 2 > this.#numbers.length) this.#rebuild();
    let at = this.#home(hash);
    while ((this.#numbers[at] as number) > 0) at = this.#after(at);
    if (this.#numbers[at] === FREE) this.#taken++;
    this.#hashes[at] = hash;
    this.#numbers[at] = number + 1;
    this.#size++;
  }

  delete(hash: number, number: number): void {
    for (let at = this.#home(hash); this.#numbers[at] !== FREE; at = this.#after(at)) {
      if (this.#hashes[at] !== hash || this.#numbers[at] !== number + 1) continue;
      this.#numbers[at] = LEFT;
      this.#size--;
      return;
    }
  }

  /** In no order. */
  *find(hash: number): Generator<number, undefined> {
    for (let at = this.#home(hash); this.#numbers[at] !== FREE; at = this.#after(at)) {
      const number = this.#numbers[at] as number;
      if (number > 0 && this.#hashes[at] === hash) yield number - 1;
    }
  }

  #home(hash: number): number {
    return hash & (this.#numbers.length - 1);
  }

  #after(at: number): number {
    return (at + 1) & (this.#numbers.length - 1);
  }

  #rebuild(): void {
    const [hashes, numbers] = [this.#hashes, this.#numbers];
    let places = placesMin;
    while (places < (this.#size + 1) * 3) places *= 2;
    this.#hashes = new Uint32Array(places);
    this.#numbers = new Int32Array(places);
    this.#taken = this.#size = 0;
    for (const [at, number] of numbers.entries()) if (number > 0) this.add(hashes[at] as number, number - 1);
  }
}
