/**
 * A tar archive as a stream of bytes: ustar headers (POSIX.1-1988), and pax records (POSIX.1-2001) where a name, a size, a
 * time or an owner does not fit. Regular files, folders and symbolic links, as any tar reads them.
 */

export type Kind = 'file' | 'folder' | 'link';

export interface TarEntry {
  /** A file when left out. */
  readonly kind?: Kind;
  /** With / between folders, relative, without one at the end. */
  readonly name: string;
  /** Where a link leads; it is kept as it is and never followed. */
  readonly target?: string;
  /** Of anything but a file 0. */
  readonly size: number;
  /** Permissions alone. */
  readonly mode: number;
  readonly mtimeMs: number;
  /** Numbers of user and group; root when left out. */
  readonly uid?: number;
  readonly gid?: number;
  /** Exactly `size` bytes. */
  readonly body: AsyncIterable<Buffer> | Iterable<Buffer>;
}

export const blockBytes = 512;
/** In ustar headers. */
export const TYPES: Readonly<Record<Kind, string>> = { file: '0', link: '2', folder: '5' };
const PAX = 'x';
const nameBytesMax = 100;
/** Eleven octal digits. */
const sizeMax = 8 ** 11 - 1;
/** Seven octal digits. */
const ownerMax = 8 ** 7 - 1;

/** @throws Error when a file has not as many bytes as it was said to have */
export async function* tarOf(entries: AsyncIterable<TarEntry>): AsyncGenerator<Buffer> {
  for await (const entry of entries) {
    yield* headersOf(entry);
    let bytes = 0;
    for await (const chunk of entry.body) {
      bytes += chunk.length;
      yield chunk;
    }
    if (bytes !== entry.size)
      throw new Error(`${entry.name} changed while it was copied: ${bytes} bytes of ${entry.size}`);
    yield padding(bytes);
  }
  yield Buffer.alloc(blockBytes * 2);
}

interface Header {
  readonly name: string;
  readonly target: string;
  readonly size: number;
  readonly mode: number;
  readonly seconds: number;
  readonly uid: number;
  readonly gid: number;
}

function* headersOf(entry: TarEntry): Generator<Buffer> {
  const { kind = 'file', target = '', size, mode, uid = 0, gid = 0 } = entry;
  const name = kind === 'folder' ? `${entry.name}/` : entry.name;
  const seconds = Math.floor(entry.mtimeMs / 1_000);
  const records: string[] = [];
  if (Buffer.byteLength(name) > nameBytesMax) records.push(record('path', name));
  if (Buffer.byteLength(target) > nameBytesMax) records.push(record('linkpath', target));
  if (size > sizeMax) records.push(record('size', String(size)));
  if (seconds < 0 || seconds > sizeMax) records.push(record('mtime', String(seconds)));
  if (uid > ownerMax) records.push(record('uid', String(uid)));
  if (gid > ownerMax) records.push(record('gid', String(gid)));
  const ustar: Header = { name, target, size, mode, seconds, uid, gid };
  if (records.length > 0) {
    const text = Buffer.from(records.join(''));
    yield header({ ...ustar, name: 'pax', target: '', size: text.length, mode: 0o600 }, PAX);
    yield text;
    yield padding(text.length);
  }
  yield header(ustar, TYPES[kind]);
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (String(length).length + bytes > length) length++;
  return `${length}${rest}`;
}

/** What does not fit is cut, or 0: the pax records before it say it in full. */
function header({ name, target, size, mode, seconds, uid, gid }: Header, type: string): Buffer {
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, digits: number) => {
    const fits = value >= 0 && value < 8 ** digits;
    block.write(`${(fits ? value : 0).toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  };
  Buffer.from(name).copy(block, 0, 0, nameBytesMax);
  octal(mode & 0o7777, 100, 7);
  octal(uid, 108, 7);
  octal(gid, 116, 7);
  octal(size, 124, 11);
  octal(seconds, 136, 11);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  Buffer.from(target).copy(block, 157, 0, nameBytesMax);
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padding(bytes: number): Buffer {
  return Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
}
