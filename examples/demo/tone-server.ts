/** Serves the tones over HTTP as slowly as a far-away server would, in parts where asked, and takes one report by POST. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Tone } from './tones.ts';

const reportBytesMax = 64 * 1024;
const writesPerSecond = 20;

export interface ToneServer {
  readonly url: string;
  /** Bodies that were posted to `/report`. */
  readonly reports: readonly string[];
  close(): void;
}

/** @param bytesPerSecond for each connection */
export async function serveTones(tones: readonly Tone[], bytesPerSecond: number): Promise<ToneServer> {
  const byPath = new Map(tones.map((tone) => [`/${encodeURIComponent(tone.name)}`, tone]));
  const reports: string[] = [];
  const server = createServer((request, response) => {
    const tone = byPath.get(request.url ?? '');
    if (request.method === 'POST' && request.url === '/report') takeReport(request, response, reports);
    else if (tone && (request.method === 'GET' || request.method === 'HEAD'))
      sendTone(request, response, tone, bytesPerSecond);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reports,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function sendTone(request: IncomingMessage, response: ServerResponse, { content }: Tone, bytesPerSecond: number): void {
  const etag = `"${createHash('sha256').update(content).digest('hex').slice(0, 32)}"`;
  const from = firstByte(request, etag, content.length);
  const partly = from > 0;
  response.writeHead(partly ? 206 : 200, {
    'content-type': 'audio/wav',
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

function takeReport(request: IncomingMessage, response: ServerResponse, reports: string[]): void {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (piece: string) => {
    text += piece;
    if (text.length > reportBytesMax) request.destroy();
  });
  request.on('end', () => {
    reports.push(text);
    response.writeHead(204).end();
  });
}
