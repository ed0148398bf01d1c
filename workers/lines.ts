/** Cuts a stream of bytes into lines: invalid UTF-8 is tolerated, a line that does not end is cut, a flood is held back. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { head } from './cut.ts';
import { logLineCharsMax } from './limits.ts';

/** Read from one stream before it has to wait for the next interval: 20 MiB a second. */
const burstBytesMax = 1024 * 1024;
const burstMs = 50;
const LINE_END = /\r\n|\n|\r/;
/** Room for the note that a line was cut, or the log would cut it once more. */
const lineCharsMax = logLineCharsMax - 64;
/** Lines that begin with `::` may be words of the program to us, with JSON in them. */
const wordCharsMax = 1024 * 1024;

/** Takes a line; when it gives back a promise, no more is read until that has resolved. */
export type LineTaker = (line: string) => void | Promise<void>;

export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #line: (line: string) => void;
  #rest = '';
  /** Characters of a line that is too long and no longer kept. */
  #cut = 0;
  /** A `\r` ended the last chunk; a `\n` that follows belongs to it. */
  #afterReturn = false;

  constructor(line: (line: string) => void) {
    this.#line = line;
  }

  write(chunk: Buffer): void {
    let text = this.#decoder.write(chunk);
    if (text === '') return;
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1);
    this.#afterReturn = text.endsWith('\r');
    const pieces = text.split(LINE_END);
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      this.#append(piece);
      this.#emit();
    }
    this.#append(last);
  }

  end(): void {
    this.#append(this.#decoder.end());
    if (this.#rest !== '') this.#emit();
  }

  #append(text: string): void {
    const most = isWord(this.#rest + text.slice(0, 2)) ? wordCharsMax : lineCharsMax;
    const room = most - this.#rest.length;
    if (this.#cut > 0 || text.length > room) {
      const kept = this.#cut > 0 ? '' : head(text, room);
      this.#rest += kept;
      this.#cut += text.length - kept.length;
    } else {
      this.#rest += text;
    }
  }

  #emit(): void {
    const plain = stripVTControlCharacters(this.#rest);
    this.#line(this.#cut > 0 ? `${plain}… (${this.#cut} more characters cut)` : plain);
    this.#rest = '';
    this.#cut = 0;
  }
}

function isWord(text: string): boolean {
  return text.startsWith('::');
}

/** After a pause it takes a moment until it shows whether there is more to read. */
const resumeMs = 50;

/**
 * Calls `line` for each line; a stream that floods is paused, so that its writer waits.
 * @returns whether it is paused now, and there may be more
 */
export function readLines(stream: Readable, line: LineTaker): () => boolean {
  let heldUp = 0;
  let waits: Promise<void>[] = [];
  const splitter = new LineSplitter((text) => {
    const wait = line(text);
    if (wait) waits.push(wait);
  });
  let bytes = 0;
  let since = performance.now();
  stream.on('data', (chunk: Buffer) => {
    const now = performance.now();
    if (now - since >= burstMs) {
      since = now;
      bytes = 0;
    }
    bytes += chunk.length;
    splitter.write(chunk);
    if (bytes >= burstBytesMax) waits.push(new Promise((resolve) => setTimeout(resolve, burstMs - (now - since))));
    if (waits.length === 0) return;
    stream.pause();
    heldUp++;
    void Promise.allSettled(waits).then(() => {
      stream.resume();
      setTimeout(() => heldUp--, resumeMs);
    });
    waits = [];
  });
  stream.once('end', () => {
    splitter.end();
    heldUp = Number.NEGATIVE_INFINITY;
  });
  stream.on('error', () => {});
  return () => heldUp > 0;
}
