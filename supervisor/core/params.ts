/**
 * Where the params of live tasks are: as text while there is room for it, else only as a place in a file of the
 * journal. Columns instead of objects: a waiting task costs 18 bytes here.
 */

/** A stretch of bytes in a file of the journal; `file` is the journal's ordinal for it. */
export interface ParamsPlace {
  readonly file: number;
  readonly offset: number;
  readonly length: number;
}

export const paramsHotBytesMax = 64 * 1024 * 1024;
const firstRows = 1_024;
const nowhere = 0xffff;

export class ParamsTable {
  /** The reference given out last. */
  newest = -1;
  readonly #hotBytesMax: number;
  #file = new Uint16Array(firstRows).fill(nowhere);
  #offset = new Float64Array(firstRows);
  #length = new Uint32Array(firstRows);
  #texts: (string | null)[] = [];
  #free: number[] = [];
  #rows = 0;
  #hotBytes = 0;
  #hand = 0;
  /** How often a row is held beside its task's own reference. */
  readonly #held = new Map<number, number>();
  /** Where rows will stand once a snapshot is published; only while one is written. */
  #moving: { file: Uint16Array; offset: Float64Array } | null = null;

  constructor(hotBytesMax: number = paramsHotBytesMax) {
    this.#hotBytesMax = hotBytesMax;
  }

  get hotBytes(): number {
    return this.#hotBytes;
  }

  /** @returns the reference a task keeps */
  add(text: string): number {
    const ref = this.#row();
    this.#texts[ref] = text;
    this.#hotBytes += text.length;
    return ref;
  }

  /** Params that are only on disk. */
  addPlace(file: number, offset: number, length: number): number {
    const ref = this.#row();
    this.#texts[ref] = null;
    this.locate(ref, file, offset, length);
    return ref;
  }

  text(ref: number): string | null {
    return this.#texts[ref] ?? null;
  }

  place(ref: number): ParamsPlace | null {
    const file = this.#file[ref] ?? nowhere;
    if (file === nowhere) return null;
    return { file, offset: this.#offset[ref] as number, length: this.#length[ref] as number };
  }

  /** Says where the params stand on disk, now or from now on. */
  locate(ref: number, file: number, offset: number, length: number): void {
    this.#file[ref] = file;
    this.#offset[ref] = offset;
    this.#length[ref] = length;
  }

  /** A snapshot is being written: `move` says where it puts params, `settle` that they stand there from now on. */
  beginMove(): void {
    this.#moving = {
      file: new Uint16Array(this.#file.length).fill(nowhere),
      offset: new Float64Array(this.#file.length),
    };
  }

  move(ref: number, file: number, offset: number, length: number): void {
    const { file: files, offset: offsets } = this.#moving as { file: Uint16Array; offset: Float64Array };
    if (ref >= files.length) return;
    files[ref] = file;
    offsets[ref] = offset;
    this.#length[ref] = length;
  }

  settleMove(): void {
    const moving = this.#moving;
    this.#moving = null;
    for (let ref = 0; moving && ref < moving.file.length; ref++) {
      if (moving.file[ref] === nowhere) continue;
      this.#file[ref] = moving.file[ref] as number;
      this.#offset[ref] = moving.offset[ref] as number;
    }
  }

  /** Text that was read back, kept while its task runs. */
  warm(ref: number, text: string): void {
    if (this.#texts[ref] !== null) return;
    this.#texts[ref] = text;
    this.#hotBytes += text.length;
  }

  /** One more needs the params; each releases them. */
  hold(ref: number): void {
    this.#held.set(ref, (this.#held.get(ref) ?? 0) + 1);
  }

  release(ref: number): void {
    const others = this.#held.size > 0 ? (this.#held.get(ref) ?? 0) : 0;
    if (others > 1) this.#held.set(ref, others - 1);
    else if (others === 1) this.#held.delete(ref);
    else this.#remove(ref);
  }

  #remove(ref: number): void {
    this.#hotBytes -= this.#texts[ref]?.length ?? 0;
    this.#texts[ref] = null;
    this.#file[ref] = nowhere;
    this.#free.push(ref);
  }

  /** Forgets texts that are on disk, oldest rows first, until there is room again. */
  spill(): void {
    if (this.#hotBytes <= this.#hotBytesMax) return;
    const enough = this.#hotBytesMax * 0.9;
    for (let looked = 0; looked < this.#rows && this.#hotBytes > enough; looked++) {
      const ref = this.#hand;
      this.#hand = (this.#hand + 1) % this.#rows;
      const text = this.#texts[ref];
      if (text == null || this.#file[ref] === nowhere) continue;
      this.#texts[ref] = null;
      this.#hotBytes -= text.length;
    }
  }

  #row(): number {
    this.newest = this.#freeRow();
    return this.newest;
  }

  #freeRow(): number {
    const free = this.#free.pop();
    if (free !== undefined) {
      // A snapshot that was being written when its last owner left may have given it a place since.
      this.#file[free] = nowhere;
      if (this.#moving && free < this.#moving.file.length) this.#moving.file[free] = nowhere;
      return free;
    }
    if (this.#rows === this.#file.length) this.#grow();
    return this.#rows++;
  }

  #grow(): void {
    const rows = this.#rows * 2;
    const file = new Uint16Array(rows).fill(nowhere);
    file.set(this.#file);
    const offset = new Float64Array(rows);
    offset.set(this.#offset);
    const length = new Uint32Array(rows);
    length.set(this.#length);
    [this.#file, this.#offset, this.#length] = [file, offset, length];
  }
}
