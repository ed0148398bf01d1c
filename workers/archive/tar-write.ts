/**
 * A tar archive as a stream of bytes: ustar headers (POSIX.1-1988), and pax records (POSIX.1-2001) where a name or a size
 * does not fit. Regular files only, as any tar reads them.
 */

export interface TarFile {
  /** With / between folders, relative. */
  readonly name: string;
  readonly size: number;
  /** Permissions alone. */
  readonly mode: number;
  readonly mtimeMs: number;
  /** Exactly `size` bytes. */
  readonly body: AsyncIterable<Buffer> | Iterable<Buffer>;
}

export const blockBytes = 512;
const nameBytesMax = 100;
/** Eleven octal digits. */
const sizeMax = 8 ** 11 - 1;

/** @throws Error when a file has not as many bytes as it was said to have */
export async function* tarOf(files: AsyncIterable<TarFile>): AsyncGenerator<Buffer> {
  for await (const file of files) {
    yield* headersOf(file);
    let bytes = 0;
    for await (const chunk of file.body) {
      bytes += chunk.length;
      yield chunk;
    }
    if (bytes !== file.size)
      throw new Error(`${file.name} changed while it was copied: ${bytes} bytes of ${file.size}`);
    yield padding(bytes);
  }
  yield Buffer.alloc(blockBytes * 2);
}

function* headersOf(file: TarFile): Generator<Buffer> {
  const records: string[] = [];
  if (Buffer.byteLength(file.name) > nameBytesMax) records.push(record('path', file.name));
  if (file.size > sizeMax) records.push(record('size', String(file.size)));
  if (records.length > 0) {
    const text = Buffer.from(records.join(''));
    yield header({ ...file, name: 'pax', size: text.length, mode: 0o600 }, 'x');
    yield text;
    yield padding(text.length);
  }
  yield header(file, '0');
}

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (String(length).length + bytes > length) length++;
  return `${length}${rest}`;
}

function header({ name, size, mode, mtimeMs }: Omit<TarFile, 'body'>, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(blockBytes);
  Buffer.from(name).copy(block, 0, 0, nameBytesMax);
  const octal = (value: number, at: number, digits: number) =>
    block.write(`${value.toString(8).padStart(digits, '0')}\0`, at, 'latin1');
  octal(mode & 0o7777, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size > sizeMax ? 0 : size, 124, 11);
  octal(Math.max(0, Math.floor(mtimeMs / 1_000)), 136, 11);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function padding(bytes: number): Buffer {
  return Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes);
}
