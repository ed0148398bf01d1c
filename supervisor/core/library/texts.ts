/**
 * Texts by number, as UTF-8 outside the heap: two hundred thousand of them cost what their bytes do, whatever script they
 * are in, and the collector of garbage has nothing to go through. They stand one behind another in slabs; a slab that has
 * become hollow, as its texts were put anew, is emptied into the newest one, so that little of all slabs is waste.
 */
const slabBytes = 1024 * 1024;
/** Before each text: its number and its length. */
const headBytes = 8;
const hollowBelow = 0.75;

interface Slab {
  readonly bytes: Buffer;
  used: number;
  live: number;
}

export class Texts {
  readonly #slabs: Slab[] = [];
  /** Numbers of empty slabs. */
  readonly #empty: number[] = [];
  #newest = -1;
  /** By number of the text, 0 for none: number of its slab times `slabBytes`, and one more than where it stands there. */
  #places = new Float64Array(0);
  #bytes = 0;

  /** Of all texts that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What slabs take up, waste and empty ones with them. */
  get room(): number {
    return this.#slabs.length * slabBytes;
  }

  /** Takes a copy, in the place of what this number had. */
  put(number: number, text: Uint8Array): void {
    this.#grow(number);
    const before = this.#places[number] as number;
    if (before !== 0) this.#release(number, before);
    this.#add(number, text);
    if (before !== 0) this.#tidy(slabOf(before));
  }

  /** @returns the bytes themselves, good only until the next text is put */
  bytesOf(number: number): Buffer {
    const place = this.#places[number] ?? 0;
    const slab = this.#slabs[slabOf(place)];
    if (place === 0 || !slab) throw new Error(`there is no text ${number}`);
    const at = (place - 1) % slabBytes;
    return slab.bytes.subarray(at + headBytes, at + headBytes + slab.bytes.readUInt32LE(at + 4));
  }

  #add(number: number, text: Uint8Array): void {
    const size = headBytes + text.length;
    const slab = this.#slabFor(size);
    const at = slab.used;
    slab.bytes.writeUInt32LE(number, at);
    slab.bytes.writeUInt32LE(text.length, at + 4);
    slab.bytes.set(text, at + headBytes);
    slab.used += size;
    slab.live += size;
    this.#bytes += text.length;
    this.#places[number] = this.#newest * slabBytes + at + 1;
  }

  #slabFor(size: number): Slab {
    if (size > slabBytes) throw new RangeError(`a text may have at most ${slabBytes - headBytes} bytes`);
    for (;;) {
      const slab = this.#slabs[this.#newest];
      if (slab && slab.used + size <= slabBytes) return slab;
      const full = this.#newest;
      this.#newest = this.#empty.pop() ?? this.#slabs.push(emptySlab()) - 1;
      // It was spared while it was the newest.
      if (full >= 0) this.#tidy(full);
    }
  }

  #release(number: number, place: number): void {
    const slab = this.#slabs[slabOf(place)] as Slab;
    const length = slab.bytes.readUInt32LE(((place - 1) % slabBytes) + 4);
    slab.live -= headBytes + length;
    this.#bytes -= length;
    this.#places[number] = 0;
  }

  #tidy(number: number): void {
    const slab = this.#slabs[number] as Slab;
    if (number === this.#newest || slab.used === 0 || slab.live >= slab.used * hollowBelow) return;
    const { used } = slab;
    for (let at = 0; at < used; ) {
      const text = slab.bytes.readUInt32LE(at);
      const length = slab.bytes.readUInt32LE(at + 4);
      if (this.#places[text] === number * slabBytes + at + 1) {
        this.#bytes -= length;
        this.#add(text, slab.bytes.subarray(at + headBytes, at + headBytes + length));
      }
      at += headBytes + length;
    }
    slab.used = slab.live = 0;
    this.#empty.push(number);
  }

  #grow(number: number): void {
    if (number < this.#places.length) return;
    const places = new Float64Array(Math.max(1_024, this.#places.length * 2, number + 1));
    places.set(this.#places);
    this.#places = places;
  }
}

function slabOf(place: number): number {
  return Math.floor((place - 1) / slabBytes);
}

function emptySlab(): Slab {
  return { bytes: Buffer.allocUnsafeSlow(slabBytes), used: 0, live: 0 };
}
