/** Reads back what `tar-write.ts` wrote, and what other programs made of files, folders and symbolic links. */
import { blockBytes, type Kind, type TarEntry, TYPES } from './tar-write.ts';

export interface ReadEntry extends TarEntry {
  readonly kind: Kind;
  readonly target: string;
  readonly uid: number;
  readonly gid: number;
  readonly body: AsyncIterable<Buffer>;
}

type Facts = Omit<ReadEntry, 'kind' | 'body'>;

const paxBytesMax = 64 * 1024;
const KINDS = new Map<string, Kind>([...(Object.keys(TYPES) as Kind[]).map((kind) => [TYPES[kind], kind] as const)]);
/** What archives from before ustar have instead of 0. */
KINDS.set('\0', 'file');

/** @throws Error for an archive that holds anything but regular files, too */
export async function* readFiles(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadEntry> {
  for await (const entry of readTar(source)) {
    if (entry.kind !== 'file') throw new Error(`the archive holds ${entry.name}, which is no regular file`);
    yield entry;
  }
}

/**
 * What is left of a body is skipped when the next entry is asked for.
 * @throws Error for an archive that is cut off or is none
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<ReadEntry> {
  const bytes = new Bytes(source);
  let pax: ReadonlyMap<string, string> = new Map();
  for (;;) {
    const block = await bytes.take(blockBytes);
    if (block.every((byte) => byte === 0)) return bytes.drain();
    const facts = factsOf(block, pax);
    const type = String.fromCharCode(block[156] as number);
    const kind = KINDS.get(type);
    pax = new Map();
    if (type === 'x') {
      if (facts.size > paxBytesMax) throw new Error('the archive has a header that is too long');
      pax = recordsOf(await bytes.take(facts.size));
    } else if (kind) {
      const body = bytes.some(facts.size);
      yield { ...facts, name: kind === 'folder' ? facts.name.replace(/\/$/, '') : facts.name, kind, body };
      for await (const _ of body);
    } else throw new Error(`the archive holds ${facts.name}, which is no file, folder or symbolic link`);
    await bytes.take((blockBytes - (facts.size % blockBytes)) % blockBytes);
  }
}

function factsOf(block: Buffer, pax: ReadonlyMap<string, string>): Facts {
  const sum = octal(block, 148, 8);
  const counted = block.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (sum !== counted) throw new Error('the archive is damaged, or is none');
  const number = (key: string, from: number, length: number) => {
    const given = pax.get(key);
    return given === undefined ? octal(block, from, length) : Number(given);
  };
  const prefix = text(block, 345, 155);
  const name = pax.get('path') ?? (prefix === '' ? '' : `${prefix}/`) + text(block, 0, 100);
  const size = number('size', 124, 12);
  if (!Number.isSafeInteger(size) || size < 0) throw new Error(`the archive gives no size of ${name}`);
  return {
    name,
    target: pax.get('linkpath') ?? text(block, 157, 100),
    size,
    mode: octal(block, 100, 8),
    mtimeMs: number('mtime', 136, 12) * 1_000,
    uid: number('uid', 108, 8),
    gid: number('gid', 116, 8),
  };
}

function text(block: Buffer, from: number, length: number): string {
  const end = block.indexOf(0, from);
  return block.toString('utf8', from, end < 0 ? from + length : Math.min(end, from + length));
}

function octal(block: Buffer, from: number, length: number): number {
  return Number.parseInt(text(block, from, length).trim() || '0', 8);
}

function recordsOf(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const length = Number.parseInt(bytes.toString('latin1', at, bytes.indexOf(' ', at)), 10);
    if (!(length > 0)) throw new Error('the archive has a header that cannot be read');
    const [key = '', ...value] = bytes.toString('utf8', bytes.indexOf(' ', at) + 1, at + length - 1).split('=');
    records.set(key, value.join('='));
    at += length;
  }
  return records;
}

/** Bytes of a stream, as many as are asked for. */
class Bytes {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.some(count)) parts.push(part);
    return Buffer.concat(parts);
  }

  async *some(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#held.length === 0) {
        const { done, value } = await this.#source.next();
        if (done) throw new Error('the archive is cut off');
        this.#held = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      }
      const part = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(part.length);
      left -= part.length;
      if (part.length > 0) yield part;
    }
  }

  /** To the very end, where a checksum may stand. */
  async drain(): Promise<void> {
    while (!(await this.#source.next()).done);
  }
}
