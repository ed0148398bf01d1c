/** Real servers that the library is uploaded to: s3rver and rclone, each behind a middleman that counts and cuts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { find } from './needs.ts';
import { freePort, listening } from './ports.ts';
import { isSigned } from './signature-v4.ts';

interface Test {
  teardown(call: () => unknown): void;
}

export const bucket = 'music';
/** Known to s3rver, and to nobody else. */
export const s3Keys = { accessKey: 'S3RVER', secretKey: 'S3RVER' };
export const webdavKeys = { accessKey: 'night', secretKey: 'sh1ft' };

export interface StoreServer {
  readonly port: number;
  /** Where it keeps what it is given. */
  readonly folder: string;
}

async function serving(t: Test, folder: string, port: number, child: ChildProcess): Promise<StoreServer> {
  const exited = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true, force: true });
  });
  await Promise.race([
    listening(port),
    exited.then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
  ]);
  return { port, folder };
}

export async function startS3(t: Test): Promise<StoreServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-s3-'));
  const port = await freePort();
  const program = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');
  const plain = ['--silent', '--no-vhost-buckets', '--configure-bucket', bucket];
  const where = ['--directory', folder, '--address', '127.0.0.1', '--port', String(port)];
  const child = spawn(process.execPath, [program, ...where, ...plain], { stdio: ['ignore', 'ignore', 'inherit'] });
  return await serving(t, folder, port, child);
}

export async function startWebdav(t: Test): Promise<StoreServer> {
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-webdav-'));
  const served = join(folder, 'served');
  mkdirSync(served);
  const port = await freePort();
  const { accessKey, secretKey } = webdavKeys;
  const args = ['serve', 'webdav', served, '--addr', `127.0.0.1:${port}`, '--user', accessKey, '--pass', secretKey];
  const quiet = ['--config', join(folder, 'none.conf'), '--cache-dir', join(folder, 'cache'), '--log-level', 'ERROR'];
  const child = spawn(find('rclone') ?? 'rclone', [...args, ...quiet], { stdio: ['ignore', 'ignore', 'inherit'] });
  const { port: at } = await serving(t, folder, port, child);
  return { port: at, folder: served };
}

/** What goes wrong with one request; the first that fits is used up. */
export interface Trouble {
  readonly method: string;
  /** In its path and query. */
  readonly holds: string;
  /** Cut after so many bytes of the body have come. */
  readonly cutAfter?: number;
  /** Answered in its place. */
  readonly answer?: { readonly status: number; readonly body?: string };
  /** Each of the bytes that come, on their way. */
  readonly change?: (bytes: Buffer) => Buffer;
}

export interface Passed {
  readonly method: string;
  readonly path: string;
  /** Of the body. */
  readonly bytes: number;
  readonly status: number;
  readonly etag: string;
}

const mismatch = '<Error><Code>SignatureDoesNotMatch</Code><Message>The signature we calculated …</Message></Error>';

/** Between us and a server: it writes down what passes, and makes the troubles it is asked for. */
export class Middleman {
  readonly passed: Passed[] = [];
  readonly troubles: Trouble[] = [];
  readonly #server: Server;
  readonly #port: number;
  readonly #secret: string | null;

  private constructor(port: number, secret: string | null) {
    this.#port = port;
    this.#secret = secret;
    this.#server = createServer((request, response) => this.#pass(request, response));
  }

  /** @param secret by which requests must be signed; null for none */
  static async start(t: Test, port: number, secret: string | null = null): Promise<Middleman> {
    const middleman = new Middleman(port, secret);
    middleman.#server.listen(0, '127.0.0.1');
    await once(middleman.#server, 'listening');
    t.teardown(async () => {
      middleman.#server.closeAllConnections();
      middleman.#server.close();
      await once(middleman.#server, 'close');
    });
    return middleman;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Those that were carried out. */
  of(method: string, holds = ''): readonly Passed[] {
    return this.passed.filter((one) => one.method === method && one.path.includes(holds) && one.status < 400);
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url: path = '' } = request;
    const trouble = this.#troubleOf(method, path);
    const signed = this.#secret === null || isSigned(request, this.#secret);
    const answer = signed ? trouble?.answer : { status: 403, body: method === 'HEAD' ? '' : mismatch };
    if (answer) {
      request.resume();
      request.on('end', () => response.writeHead(answer.status).end(answer.body ?? ''));
      return;
    }
    const onward = forward({ host: '127.0.0.1', port: this.#port, method, path, headers: request.headers });
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      onward.write(trouble?.change?.(chunk) ?? chunk);
      if (trouble?.cutAfter === undefined || bytes < trouble.cutAfter) return;
      onward.destroy();
      request.destroy();
    });
    request.on('end', () => onward.end());
    request.on('error', () => onward.destroy());
    request.on('close', () => request.complete || onward.destroy());
    onward.on('error', () => response.destroy());
    onward.on('response', (answer) => {
      const { statusCode: status = 0, headers } = answer;
      this.passed.push({ method, path, bytes, status, etag: String(headers.etag ?? '') });
      response.writeHead(status, headers);
      answer.pipe(response);
    });
  }

  #troubleOf(method: string, path: string): Trouble | null {
    const at = this.troubles.findIndex((one) => one.method === method && path.includes(one.holds));
    return at === -1 ? null : (this.troubles.splice(at, 1)[0] ?? null);
  }
}
