/** Text read back from where it stands, off the main thread, neighbors with one call. */
import type { Disk } from './disk.ts';
import type { JournalFiles } from './files.ts';
import type { Place } from './journal.ts';

/** Places not further apart than this are read together, up to so much at once. */
const gapBytesMax = 4 * 1024;
const readBytesMax = 1024 * 1024;

interface Span {
  readonly file: number;
  from: number;
  to: number;
  readonly members: number[];
}

export class PlaceReader {
  readonly #disk: Disk;
  readonly #files: JournalFiles;
  readonly #fds = new Map<number, number>();
  #reading = 0;
  readonly #closing: number[] = [];

  constructor(disk: Disk, files: JournalFiles) {
    this.#disk = disk;
    this.#files = files;
  }

  /** @returns the texts in the order of `places` */
  async read(places: readonly Place[]): Promise<string[]> {
    const texts = new Array<string>(places.length).fill('');
    this.#reading++;
    try {
      await Promise.all(spansOf(places).map((span) => this.#readSpan(span, places, texts)));
    } finally {
      this.#reading--;
      if (this.#reading === 0) this.#closeRetired();
    }
    return texts;
  }

  /** A file that is no longer needed; reads under way still end. */
  retire(file: number): void {
    const fd = this.#fds.get(file);
    if (fd === undefined) return;
    this.#fds.delete(file);
    this.#closing.push(fd);
    if (this.#reading === 0) this.#closeRetired();
  }

  close(): void {
    for (const file of [...this.#fds.keys()]) this.retire(file);
  }

  #closeRetired(): void {
    for (const fd of this.#closing.splice(0)) this.#disk.close(fd);
  }

  async #readSpan(span: Span, places: readonly Place[], texts: string[]): Promise<void> {
    const bytes = Buffer.allocUnsafe(span.to - span.from);
    const fd = this.#fd(span.file);
    for (let done = 0; done < bytes.length; ) {
      const read = await this.#disk.readLater(fd, bytes.subarray(done), span.from + done);
      if (read === 0) throw new Error(`${this.#files.path(span.file)} ends before offset ${span.to}`);
      done += read;
    }
    for (const member of span.members) {
      const place = places[member];
      if (place)
        texts[member] = bytes.toString('utf8', place.offset - span.from, place.offset - span.from + place.length);
    }
  }

  #fd(file: number): number {
    let fd = this.#fds.get(file);
    if (fd === undefined) {
      fd = this.#disk.open(this.#files.path(file), 'read');
      this.#fds.set(file, fd);
    }
    return fd;
  }
}

function spansOf(places: readonly Place[]): Span[] {
  const order = places.map((_, index) => index);
  const place = (index: number) => places[index] as Place;
  order.sort((a, b) => place(a).file - place(b).file || place(a).offset - place(b).offset);
  const spans: Span[] = [];
  for (const index of order) {
    const { file, offset, length } = place(index);
    const last = spans.at(-1);
    if (last && last.file === file && offset - last.to <= gapBytesMax && offset + length - last.from <= readBytesMax) {
      last.to = Math.max(last.to, offset + length);
      last.members.push(index);
    } else spans.push({ file, from: offset, to: offset + length, members: [index] });
  }
  return spans;
}
