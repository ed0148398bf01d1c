/**
 * A file that its server packs for the way although it was asked not to: what is kept is the file itself, so size and
 * digest are those of the unpacked one. A byte of it has no place in what is sent, so such a download cannot go on where
 * it was cut; it starts again.
 */
import { pipeline, type Readable } from 'node:stream';
import { type HttpResponse, Permanent } from '../define.ts';
import { codingOf, unpackerOf } from '../http-coding.ts';
import { suggestedName } from './file-name.ts';

/** Files that are packed themselves; some servers name that as the coding of their way too. */
const PACKED_NAMES: Readonly<Record<string, RegExp>> = { gzip: /\.(?:gz|tgz|svgz)$/i, br: /\.br$/i };
const PACKED_TYPE = /^application\/(?:x-)?gzip\b/i;

/** @returns how the file is packed for the way; null when what is sent is the file */
export function packingOf({ headers, url }: HttpResponse): string | null {
  const coding = codingOf(headers);
  if (coding === null) return null;
  const isFileItself =
    PACKED_NAMES[coding]?.test(suggestedName(headers['content-disposition'], url)) ||
    (coding === 'gzip' && PACKED_TYPE.test(headers['content-type'] ?? ''));
  return isFileItself ? null : coding;
}

/** @throws Permanent for a packing that is not known here */
export function unpacked(body: Readable, packing: string): Readable {
  const unpacker = unpackerOf(packing);
  if (unpacker) return pipeline(body, unpacker, () => {});
  throw new Permanent(
    `the server packs the file as "${packing.slice(0, 40)}" although it was asked not to, and that cannot be unpacked here`,
    { code: 'unknown_encoding' },
  );
}
