/** The bytes of a local file on their way out: counted, and held against the digest that the catalog has of them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { LocalFile } from './target.ts';

/** Digests of a piece of a file; all in hex. */
export interface PieceSums {
  readonly from: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly md5: string;
}

const hexOf = (algorithm: string) => createHash(algorithm).digest('hex');
/** The only one of a file without bytes. */
export const emptyPiece: PieceSums = { from: 0, bytes: 0, sha256: hexOf('sha256'), md5: hexOf('md5') };

/**
 * Reads it once, in pieces.
 * @returns none for an empty file
 * @throws `file_changed` where it is not what the catalog says
 */
export async function sumsOfPieces(
  file: LocalFile,
  pieceBytes: number,
  signal: AbortSignal,
): Promise<readonly PieceSums[]> {
  const pieces: PieceSums[] = [];
  const whole = createHash('sha256');
  for (let from = 0; from < file.bytes; from += pieceBytes) {
    const [sha256, md5] = [createHash('sha256'), createHash('md5')];
    let bytes = 0;
    const end = Math.min(from + pieceBytes, file.bytes) - 1;
    for await (const chunk of createReadStream(file.path, { start: from, end, signal })) {
      whole.update(chunk as Buffer);
      sha256.update(chunk as Buffer);
      md5.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
    pieces.push({ from, bytes, sha256: sha256.digest('hex'), md5: md5.digest('hex') });
  }
  if (whole.digest('hex') !== file.sha256) throw fileChanged(file);
  return pieces;
}

/** The whole of it. Its last bytes are not given out before the digest of all is right: nobody gets a wrong file whole. */
export function wholeBody(file: LocalFile, passed: (bytes: number) => void): Readable {
  return Readable.from(held(file, passed), { objectMode: false });
}

async function* held(file: LocalFile, passed: (bytes: number) => void): AsyncGenerator<Buffer> {
  const sum = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file.path)) {
    sum.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > file.bytes || (bytes === file.bytes && sum.copy().digest('hex') !== file.sha256))
      throw fileChanged(file);
    yield chunk as Buffer;
    passed(bytes);
  }
  if (bytes !== file.bytes) throw fileChanged(file);
}

export function pieceBody(path: string, piece: PieceSums, passed: (bytes: number) => void): Readable {
  return Readable.from(counted(path, piece, passed), { objectMode: false });
}

async function* counted(path: string, { from, bytes }: PieceSums, passed: (bytes: number) => void) {
  let done = 0;
  for await (const chunk of createReadStream(path, { start: from, end: from + bytes - 1 })) {
    done += (chunk as Buffer).length;
    yield chunk as Buffer;
    passed(done);
  }
}

function fileChanged(file: LocalFile): Error {
  const message = `${file.path} is not what the catalog says of it: it was changed since it came into the library`;
  return Object.assign(new Error(message), { code: 'file_changed' });
}
