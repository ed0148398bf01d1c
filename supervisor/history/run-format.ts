/**
 * A sorted run of index rows in a file of its own, `index/YYYY-MM.FROM-TO.idx`: rows in blocks of 128, then one fence a
 * block (its first id and its crc32), then what it holds (`contents.ts`), then a footer. Made once, never changed, always
 * rebuildable from the data file.
 *
 * A run is only made after the data it covers has been synced; so what a run covers is known to be on disk.
 */
import { crc32 } from 'node:zlib';
import { type IdWords, rowBytes, type StateCounts } from './row.ts';

export const blockRows = 128;
export const fenceWords = 5;
export const footerBytes = 256;
const magic = 'NSHIDX02';
const numbersAt = 8;
const numbers = 16;
const wordsAt = numbersAt + numbers * 8;
/** Written as a word, so that a file carried to a machine of the other byte order is not taken for good. */
const orderMark = 0x01020304;

export interface RunSummary {
  /** The stretch of the data file it covers. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly maxSeq: number;
  readonly damagedLines: number;
  readonly counts: Readonly<StateCounts>;
  /** The data's last bytes before `to`, to recognize a data file that is not the one indexed. */
  readonly tailBytes: number;
  readonly tailCrc: number;
  readonly first: IdWords;
  readonly last: IdWords;
}

/** The index contradicts itself and must be made again. */
export class IndexDamage extends Error {
  /** The run to make again. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path} ${message}`);
    this.path = path;
  }
}

export function blocksOf(count: number): number {
  return Math.ceil(count / blockRows);
}

/** Lengths and checks of what stands before the footer. */
export interface RunParts {
  readonly fencesCrc: number;
  readonly typesBytes: number;
  readonly typesCrc: number;
  readonly figuresBytes: number;
  readonly figuresCrc: number;
}

/** @returns bytes of all before the footer */
export function bodyBytesOf({ count, typesBytes, figuresBytes }: RunSummary & RunParts): number {
  return typesAtOf(count) + typesBytes + figuresBytes;
}

/** @returns where the types begin */
export function typesAtOf(count: number): number {
  return count * rowBytes + blocksOf(count) * fenceWords * 4;
}

export function footerOf(summary: RunSummary, parts: RunParts): Buffer {
  const footer = Buffer.alloc(footerBytes);
  footer.write(magic, 0, 'latin1');
  const { from, to, count, maxSeq, damagedLines, counts, tailBytes, tailCrc } = summary;
  const { fencesCrc, typesBytes, typesCrc, figuresBytes, figuresCrc } = parts;
  const sizes = [tailBytes, tailCrc, fencesCrc, typesBytes, typesCrc, figuresBytes, figuresCrc];
  [from, to, count, maxSeq, damagedLines, ...counts, ...sizes].forEach((value, index) => {
    footer.writeDoubleLE(value, numbersAt + index * 8);
  });
  const words = Uint32Array.of(orderMark, ...summary.first, ...summary.last);
  footer.set(Buffer.from(words.buffer), wordsAt);
  footer.writeUInt32LE(crc32(footer.subarray(0, footerBytes - 4)), footerBytes - 4);
  return footer;
}

export function readFooter(footer: Buffer): (RunSummary & RunParts) | null {
  if (footer.readUInt32LE(footerBytes - 4) !== crc32(footer.subarray(0, footerBytes - 4))) return null;
  if (footer.toString('latin1', 0, 8) !== magic) return null;
  const number = (index: number) => footer.readDoubleLE(numbersAt + index * 8);
  const [from, to, count, maxSeq, damagedLines] = [number(0), number(1), number(2), number(3), number(4)];
  const counts: StateCounts = [number(5), number(6), number(7), number(8)];
  const [tailBytes, tailCrc, fencesCrc] = [number(9), number(10), number(11)];
  const [typesBytes, typesCrc, figuresBytes, figuresCrc] = [number(12), number(13), number(14), number(15)];
  const words = new Uint32Array(9);
  Buffer.from(words.buffer).set(footer.subarray(wordsAt, wordsAt + words.byteLength));
  if (words[0] !== orderMark) return null;
  const [first, last] = [words.slice(1, 5), words.slice(5, 9)];
  const summary = { from, to, count, maxSeq, damagedLines, counts, tailBytes, tailCrc, first, last };
  return { ...summary, fencesCrc, typesBytes, typesCrc, figuresBytes, figuresCrc };
}
