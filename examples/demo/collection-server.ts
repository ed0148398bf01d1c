/**
 * Serves the collection over HTTP as slowly as a far-away server would, in parts where asked; one recording fails twice,
 * one is gone for good.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Collection, Recording } from './collection.ts';

const writesPerSecond = 20;
const failuresOfOne = 2;

export interface CollectionServer {
  readonly url: string;
  close(): void;
}

/** @param bytesPerSecond for each connection */
export async function serveCollection(collection: Collection, bytesPerSecond: number): Promise<CollectionServer> {
  const recordings = new Map(collection.recordings.map((recording) => [recording.name, recording]));
  const failures = new Map<string, number>();
  let documents: ReadonlyMap<string, { readonly mime: string; readonly content: string }> = new Map();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const document = documents.get(pathname);
    const recording = recordings.get(pathname.slice(pathname.lastIndexOf('/') + 1));
    if (document) response.writeHead(200, { 'content-type': document.mime }).end(document.content);
    else if (recording) sendOrFail(request, response, recording, bytesPerSecond, failures);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  documents = new Map(collection.documents(url).map((document) => [document.path, document]));
  return {
    url,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function sendOrFail(
  request: IncomingMessage,
  response: ServerResponse,
  recording: Recording,
  bytesPerSecond: number,
  failures: Map<string, number>,
): void {
  const { name, manner } = recording;
  const failed = failures.get(name) ?? 0;
  if (manner === 'gone') response.writeHead(410).end();
  else if (manner === 'fails twice' && failed < failuresOfOne) {
    failures.set(name, failed + 1);
    response.writeHead(503).end();
  } else send(request, response, recording, bytesPerSecond);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { content, mime }: Recording,
  bytesPerSecond: number,
): void {
  const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 32)}"`;
  const from = firstByte(request, etag, content.length);
  const partly = from > 0;
  response.writeHead(partly ? 206 : 200, {
    'content-type': mime,
    'content-length': content.length - from,
    'accept-ranges': 'bytes',
    etag,
    ...(partly && { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` }),
  });
  if (request.method === 'HEAD') response.end();
  else trickle(response, content.subarray(from), bytesPerSecond);
}

/** Of `Range: bytes=N-`, which is all that resuming needs, and only if the file is still the same. */
function firstByte(request: IncomingMessage, etag: string, length: number): number {
  const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const condition = request.headers['if-range'] ?? request.headers['if-match'] ?? etag;
  const from = asked && condition === etag ? Number(asked[1]) : 0;
  return from < length ? from : 0;
}

function trickle(response: ServerResponse, content: Buffer, bytesPerSecond: number): void {
  const pieceBytes = Math.ceil(bytesPerSecond / writesPerSecond);
  let sent = 0;
  const timer = setInterval(() => {
    // A reader slower than the throttle must not fill our memory.
    if (response.writableNeedDrain) return;
    response.write(content.subarray(sent, sent + pieceBytes));
    sent += pieceBytes;
    if (sent < content.length) return;
    clearInterval(timer);
    response.end();
  }, 1_000 / writesPerSecond);
  response.once('close', () => clearInterval(timer));
}
