/** A pool of feeds and their files, made from a seed: it counts which files it gave from their first byte to their last. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const bytesMin = 8 * 1_024;
const bytesMore = 40 * 1_024;
/** A file comes in two parts, so that a kill finds some under way. */
const pauseMs = 8;
/** One of so many files holds what the one before it holds. */
const sameEvery = 50;

export class FeedsServer {
  /** How often each file was given whole, by its name. */
  readonly whole = new Map<string, number>();
  readonly #files: readonly Buffer[];
  readonly #feeds: number;
  readonly #server: Server;

  private constructor(tracks: number, feeds: number, seed: number) {
    this.#feeds = feeds;
    this.#files = filesOf(tracks, seed);
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  static async start(tracks: number, feeds: number, seed: number): Promise<FeedsServer> {
    const server = new FeedsServer(tracks, feeds, seed);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** SHA-256 of each file by its name. */
  get digests(): ReadonlyMap<string, string> {
    return new Map(this.#files.map((file, index) => [nameOf(index), sha256(file)]));
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const feed = /^\/feed-(\d+)\.xml$/.exec(path)?.[1];
    const file = /^\/files\/(track-(\d+)\.mp3)$/.exec(path);
    if (path === '/pool.opml') response.setHeader('content-type', 'text/x-opml').end(this.#pool());
    else if (feed !== undefined)
      response.setHeader('content-type', 'application/rss+xml').end(this.#feed(Number(feed)));
    else if (file) void this.#give(request, response, file[1] as string, this.#files[Number(file[2])] as Buffer);
    else response.writeHead(404).end();
  }

  #pool(): string {
    const feeds = Array.from(
      { length: this.#feeds },
      (_, feed) => `<outline type="rss" text="Feed ${feed}" xmlUrl="${this.address}/feed-${feed}.xml"/>`,
    );
    return `<opml version="2.0"><head><title>Pool</title></head><body>${feeds.join('')}</body></opml>`;
  }

  #feed(feed: number): string {
    const items = this.#files.flatMap((file, index) => {
      if (index % this.#feeds !== feed) return [];
      const name = nameOf(index);
      const enclosure = `<enclosure url="${this.address}/files/${name}" length="${file.length}" type="audio/mpeg"/>`;
      return [`<item><title>Track ${index}</title><guid isPermaLink="false">${name}</guid>${enclosure}</item>`];
    });
    return `<rss version="2.0"><channel><title>Feed ${feed}</title>${items.join('')}</channel></rss>`;
  }

  async #give(request: IncomingMessage, response: ServerResponse, name: string, file: Buffer): Promise<void> {
    const etag = `"${sha256(file).slice(0, 16)}"`;
    const [, asked = '0'] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
    const from = Number(asked) < file.length ? Number(asked) : 0;
    const headers = {
      'content-type': 'audio/mpeg',
      'accept-ranges': 'bytes',
      etag,
      'content-length': file.length - from,
    };
    const range = { 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` };
    response.writeHead(from > 0 ? 206 : 200, { ...headers, ...(from > 0 && range) });
    const middle = from + Math.floor((file.length - from) / 2);
    response.write(file.subarray(from, middle));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (response.destroyed) return;
    response.end(file.subarray(middle));
    // What has left us whole may still not have arrived whole: that counts against the library, not for it.
    if (from === 0) response.once('finish', () => this.whole.set(name, (this.whole.get(name) ?? 0) + 1));
  }
}

function filesOf(tracks: number, seed: number): readonly Buffer[] {
  const files: Buffer[] = [];
  for (let index = 0; index < tracks; index++) {
    const last = files.at(-1);
    if (last && index % sameEvery === 0) files.push(last);
    else files.push(noise(`${seed} ${index}`));
  }
  return files;
}

/** Starts with a tag of no frames, so that it looks like sound. */
function noise(seed: string): Buffer {
  const sum = createHash('sha256').update(seed).digest();
  const pieces: Buffer[] = [Buffer.from('ID3\x03\0\0\0\0\0\0', 'latin1')];
  const bytes = bytesMin + (sum.readUInt32LE(0) % bytesMore);
  for (let block = 0; block * sum.length < bytes; block++)
    pieces.push(createHash('sha256').update(`${seed} ${block}`).digest());
  return Buffer.concat(pieces);
}

function nameOf(index: number): string {
  return `track-${index}.mp3`;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
