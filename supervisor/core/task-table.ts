/**
 * Live tasks by id. A `Map` hashes every id anew and moves its entries about as it grows: a third of a start with a
 * million tasks. The end of a UUIDv7 is chance already, so here it is the hash, and growing reads one column of numbers.
 *
 * Open addressing with linear probing, never more than half full; what is taken out leaves no mark, as those behind it
 * move up (Knuth, The Art of Computer Programming, volume 3, section 6.4, algorithm R).
 */
import type { Task } from './task.ts';

const slotsFirst = 1_024;
/** Digits of chance taken as the hash: 32 bits. */
const hashChars = 8;

export class TaskTable {
  /** Row of the task in each slot, counted from 1; 0 where there is none. */
  #slots = new Int32Array(slotsFirst);
  #hashes = new Int32Array(slotsFirst);
  readonly #rows: (Task | null)[] = [];
  readonly #free: number[] = [];

  get size(): number {
    return this.#rows.length - this.#free.length;
  }

  get(id: string): Task | undefined {
    const row = this.#slots[this.#slotOf(id, hashOf(id))] as number;
    return row === 0 ? undefined : (this.#rows[row - 1] as Task);
  }

  has(id: string): boolean {
    return this.#slots[this.#slotOf(id, hashOf(id))] !== 0;
  }

  /** Takes the place of a task with the same id. */
  add(task: Task): void {
    if (this.size * 2 >= this.#slots.length) this.#grow();
    const hash = hashOf(task.id);
    const slot = this.#slotOf(task.id, hash);
    const row = this.#slots[slot] as number;
    if (row !== 0) {
      this.#rows[row - 1] = task;
      return;
    }
    const free = this.#free.pop() ?? this.#rows.length;
    this.#rows[free] = task;
    this.#slots[slot] = free + 1;
    this.#hashes[slot] = hash;
  }

  delete(id: string): boolean {
    const slot = this.#slotOf(id, hashOf(id));
    const row = this.#slots[slot] as number;
    if (row === 0) return false;
    this.#rows[row - 1] = null;
    this.#free.push(row - 1);
    this.#close(slot);
    return true;
  }

  /** In no order one could rely on. */
  *values(): IterableIterator<Task> {
    for (const task of this.#rows) if (task) yield task;
  }

  /** The slot that holds the task, or the empty one where it would be put. */
  #slotOf(id: string, hash: number): number {
    const last = this.#slots.length - 1;
    let slot = hash & last;
    for (let row = this.#slots[slot] as number; row !== 0; row = this.#slots[slot] as number) {
      if (this.#hashes[slot] === hash && this.#rows[row - 1]?.id === id) break;
      slot = (slot + 1) & last;
    }
    return slot;
  }

  /** Fills an emptied slot with the next one that may stand there, and so on to the end of their row. */
  #close(emptied: number): void {
    const last = this.#slots.length - 1;
    let hole = emptied;
    for (let slot = (hole + 1) & last; this.#slots[slot] !== 0; slot = (slot + 1) & last) {
      const home = (this.#hashes[slot] as number) & last;
      const fromHome = (slot - home) & last;
      if (fromHome < ((slot - hole) & last)) continue;
      this.#slots[hole] = this.#slots[slot] as number;
      this.#hashes[hole] = this.#hashes[slot] as number;
      hole = slot;
    }
    this.#slots[hole] = 0;
  }

  #grow(): void {
    const [slots, hashes] = [this.#slots, this.#hashes];
    this.#slots = new Int32Array(slots.length * 2);
    this.#hashes = new Int32Array(slots.length * 2);
    const last = this.#slots.length - 1;
    for (let from = 0; from < slots.length; from++) {
      if (slots[from] === 0) continue;
      const hash = hashes[from] as number;
      let slot = hash & last;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & last;
      this.#slots[slot] = slots[from] as number;
      this.#hashes[slot] = hash;
    }
  }
}

/** Of the end of an id; what is no id of a task is only looked for, and may be anything. */
function hashOf(id: string): number {
  let hash = 0;
  for (let at = Math.max(0, id.length - hashChars); at < id.length; at++) {
    const code = id.charCodeAt(at);
    hash = (hash << 4) ^ (code < 58 ? code - 48 : code - 87);
  }
  return hash;
}
