/** An HTTP server for tests that serves files as a good server does, and goes wrong in the ways asked for. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServedFile {
  body: Buffer;
  etag?: string | null;
  lastModified?: string | null;
  headers?: Record<string, string | string[]>;
}

/** What goes wrong with one request; faults of a path are used up one request after another. */
export type Fault =
  /** Answers with this status and these headers. */
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** Sends so many bytes of the body, then cuts the connection. */
  | { readonly cutAfter: number }
  /** Sends so many bytes, then nothing more until the other side gives up. */
  | { readonly stallAfter: number }
  /** Takes the request and never answers. */
  | 'silent'
  /** Answers a request for a range with the whole. */
  | 'ignore-range'
  /** Answers with another part than the one asked for. */
  | 'wrong-range'
  /** Serves this request as it should be. */
  | 'none';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export class FileServer {
  readonly files = new Map<string, ServedFile>();
  readonly requests: Seen[] = [];
  readonly #faults = new Map<string, Fault[]>();
  readonly #server: Server;
  #watchers = new Set<() => void>();

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start(host = '127.0.0.1'): Promise<FileServer> {
    const server = new FileServer();
    server.#server.listen(0, host);
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string, host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }

  add(path: string, body: string | Buffer, more: Omit<ServedFile, 'body'> = {}): Buffer {
    const bytes = Buffer.from(body);
    this.files.set(path, { body: bytes, ...more });
    return bytes;
  }

  fail(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, [...(this.#faults.get(path) ?? []), ...faults]);
  }

  seen(path: string): readonly Seen[] {
    return this.requests.filter((request) => request.path === path);
  }

  async requested(path: string, times: number): Promise<void> {
    while (this.seen(path).length < times) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    this.requests.push({
      method: request.method ?? '',
      path,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    });
    for (const wake of this.#watchers) wake();
    this.#watchers.clear();
    const fault = this.#faults.get(path)?.shift() ?? 'none';
    if (fault === 'silent') return;
    if (typeof fault === 'object' && 'status' in fault) {
      response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
      return;
    }
    const file = this.files.get(path);
    if (!file) response.writeHead(404, { 'content-type': 'text/plain' }).end('no such file');
    else await answer(file, request, response, fault);
  }
}

function etagOf(file: ServedFile): string | null {
  return file.etag === undefined ? `"${createHash('sha1').update(file.body).digest('hex').slice(0, 12)}"` : file.etag;
}

const LAST_MODIFIED = 'Wed, 01 Jan 2025 00:00:00 GMT';

async function answer(
  file: ServedFile,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault,
): Promise<void> {
  const etag = etagOf(file);
  const lastModified = file.lastModified === undefined ? LAST_MODIFIED : file.lastModified;
  const headers: Record<string, string | string[]> = {
    'accept-ranges': 'bytes',
    ...(etag && { etag }),
    ...(lastModified && { 'last-modified': lastModified }),
    ...file.headers,
  };
  if (etag && request.headers['if-none-match'] === etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const whole = file.body.length;
  const from = fault === 'ignore-range' ? null : rangeStart(request, etag, lastModified);
  if (from !== null && from >= whole) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${whole}` }).end();
    return;
  }
  const start = from === null ? 0 : fault === 'wrong-range' ? from - 1 : from;
  const body = file.body.subarray(start);
  const range = { 'content-range': `bytes ${start}-${whole - 1}/${whole}` };
  response.writeHead(from === null ? 200 : 206, {
    ...headers,
    ...(from !== null && range),
    'content-length': String(body.length),
  });
  await send(body, response, fault);
}

function rangeStart(request: IncomingMessage, etag: string | null, lastModified: string | null): number | null {
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
  const condition = request.headers['if-range'];
  if (asked === undefined || (condition !== undefined && condition !== etag && condition !== lastModified)) return null;
  return Number(asked);
}

async function send(body: Buffer, response: ServerResponse, fault: Fault): Promise<void> {
  if (typeof fault === 'object' && 'cutAfter' in fault) {
    await new Promise((resolve) => response.write(body.subarray(0, fault.cutAfter), resolve));
    response.destroy();
  } else if (typeof fault === 'object' && 'stallAfter' in fault) {
    response.write(body.subarray(0, fault.stallAfter));
  } else {
    response.end(body);
  }
}
