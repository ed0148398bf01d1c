/**
 * The index knows a record by one row of forty bytes: id, sequence number, place, hash of its type, state. Rows lie side
 * by side in one buffer, in memory as in a file: a million of them are no objects.
 *
 * A row is ten 32-bit words in the machine's byte order: four of id, two each of sequence number and offset (as doubles),
 * one of the type's hash, one of length and state.
 */
import { crc32 } from 'node:zlib';

export const rowWords = 10;
export const rowBytes = rowWords * 4;
const doublesPerRow = rowWords / 2;
const stateBits = 4;
/** What the length's share of its word can hold. */
export const recordBytesMax = 2 ** (32 - stateBits) - 1;

/** Codes of states as rows hold them; states of later formats share the last one and are told apart by the record. */
const STATE_CODES: Readonly<Record<string, number>> = { succeeded: 0, failed: 1, canceled: 2 };
const otherState = 15;
export const countedStates = ['succeeded', 'failed', 'canceled'] as const;

export function stateCode(state: string): number {
  return STATE_CODES[state] ?? otherState;
}

/** How many endings by state; codes other than the three of a task are counted together. */
export type StateCounts = [succeeded: number, failed: number, canceled: number, other: number];
export type StateSlot = 0 | 1 | 2 | 3;
export const stateSlots: readonly StateSlot[] = [0, 1, 2, 3];

export function slotOf(state: number): StateSlot {
  return Math.min(state, countedStates.length) as StateSlot;
}

export function countState(counts: StateCounts, state: number): void {
  counts[slotOf(state)] += 1;
}

const typeHashes = new Map<string, number>();
const typeHashesMax = 10_000;

/** Different types may share a hash: a row can only say "not this type" for certain. */
export function typeHash(type: string): number {
  let hash = typeHashes.get(type);
  if (hash === undefined) {
    hash = crc32(type);
    if (typeHashes.size >= typeHashesMax) typeHashes.clear();
    typeHashes.set(type, hash);
  }
  return hash;
}

/** Four words, most significant first. */
export type IdWords = Uint32Array;

const DIGIT_VALUES = new Int8Array(128).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  DIGIT_VALUES[digit.toString(16).charCodeAt(0)] = digit;
  DIGIT_VALUES[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}
/** Where the eight digits of each word stand in a UUID's text. */
const DIGIT_PLACES = Array.from('00000000-1111-2222-3333-444444444444', (_, at) => at).filter(
  (at) => at !== 8 && at !== 13 && at !== 18 && at !== 23,
);

/** @returns false when the text is no UUID */
function readId(id: string, into: Uint32Array, at = 0): boolean {
  if (id.length !== 36) return false;
  for (let word = 0; word < 4; word++) {
    let value = 0;
    for (let digit = word * 8; digit < word * 8 + 8; digit++) {
      const code = DIGIT_VALUES[id.charCodeAt(DIGIT_PLACES[digit] as number)];
      if (code === undefined || code < 0) return false;
      value = (value << 4) | code;
    }
    into[at + word] = value;
  }
  return true;
}

export function idWords(id: string): IdWords | null {
  const words = new Uint32Array(4);
  return readId(id, words) ? words : null;
}

const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));

export function idText(words: Uint32Array, at: number): string {
  const [a, b, c, d] = [words[at], words[at + 1], words[at + 2], words[at + 3]] as [number, number, number, number];
  return `${hex4(a >>> 16)}${hex4(a)}-${hex4(b >>> 16)}-${hex4(b)}-${hex4(c >>> 16)}-${hex4(c)}${hex4(d >>> 16)}${hex4(d)}`;
}

function hex4(value: number): string {
  return `${HEX[(value >>> 8) & 255]}${HEX[value & 255]}`;
}

export function compareIds(a: Uint32Array, aAt: number, b: Uint32Array, bAt: number): number {
  for (let word = 0; word < 4; word++) {
    const difference = (a[aAt + word] as number) - (b[bAt + word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first 48 bits: ms since 1970 in a UUIDv7. */
export function idMoment(words: Uint32Array, at: number): number {
  return (words[at] as number) * 0x1_0000 + ((words[at + 1] as number) >>> 16);
}

/** Rows in a buffer of fixed size. */
export class Rows {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #doubles: Float64Array<ArrayBuffer>;
  count = 0;

  constructor(capacity: number) {
    this.words = new Uint32Array(capacity * rowWords);
    this.#doubles = new Float64Array(this.words.buffer);
  }

  get capacity(): number {
    return this.words.length / rowWords;
  }

  seq(row: number): number {
    return this.#doubles[row * doublesPerRow + 2] as number;
  }

  offset(row: number): number {
    return this.#doubles[row * doublesPerRow + 3] as number;
  }

  typeHash(row: number): number {
    return this.words[row * rowWords + 8] as number;
  }

  bytes(row: number): number {
    return (this.words[row * rowWords + 9] as number) >>> stateBits;
  }

  state(row: number): number {
    return (this.words[row * rowWords + 9] as number) & otherState;
  }

  id(row: number): string {
    return idText(this.words, row * rowWords);
  }

  /** Adds a row. @returns false, adding nothing, when the id is no UUID */
  add(id: string, seq: number, offset: number, type: number, bytes: number, state: number): boolean {
    const at = this.count * rowWords;
    if (!readId(id, this.words, at)) return false;
    this.#doubles[this.count * doublesPerRow + 2] = seq;
    this.#doubles[this.count * doublesPerRow + 3] = offset;
    this.words[at + 8] = type;
    this.words[at + 9] = ((bytes << stateBits) | state) >>> 0;
    this.count += 1;
    return true;
  }

  copy(from: Rows, row: number): void {
    const at = this.count * rowWords;
    const source = from.words;
    for (let word = 0, read = row * rowWords; word < rowWords; word++, read++) {
      this.words[at + word] = source[read] as number;
    }
    this.count += 1;
  }

  /** The rows' bytes, e.g. to fill them from a file; `count` is the caller's to set. */
  bytesOf(from: number, to: number): Buffer {
    return Buffer.from(this.words.buffer, from * rowBytes, (to - from) * rowBytes);
  }
}
