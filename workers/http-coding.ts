/** How a body is packed for its way (RFC 9110, 8.4). None is asked for, but some servers pack all the same. */
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const UNPACKERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** @returns what the answer says, in small letters; null when it is not packed */
export function codingOf(headers: Readonly<Record<string, string>>): string | null {
  const coding = headers['content-encoding']?.trim().toLowerCase().replace(/^x-/, '') ?? '';
  return coding === '' || coding === 'identity' ? null : coding;
}

/** @returns null for a coding that is not known here, or several of them */
export function unpackerOf(coding: string): Transform | null {
  return Object.hasOwn(UNPACKERS, coding) ? (UNPACKERS[coding] as () => Transform)() : null;
}
