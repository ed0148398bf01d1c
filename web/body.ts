/** Reads a request's body as JSON, or says exactly why it cannot: media type, encoding, size, cut off, not UTF-8, malformed. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Refusal } from '../supervisor/core/refusal.ts';
import { jsonMistake } from './json-mistake.ts';
import { bodyBytesMax, bodyDiscardBytesMax } from './limits.ts';

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/i;
const ENCODED = /^(?!identity$)/i;

/** @returns the parsed body, or undefined when there is none */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (!hasBody(request)) return undefined;
  checkMediaType(request);
  checkEncoding(request);
  const bytes = await readBytes(request);
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': transfer } = request.headers;
  return transfer !== undefined || (length !== undefined && length !== '0');
}

function checkMediaType({ headers }: IncomingMessage): void {
  const given = headers['content-type'];
  if (given === 'application/json') return;
  if (given === undefined) {
    throw new Refusal('unsupported_media_type', 'The request has a body but no Content-Type; send application/json');
  }
  const [type = '', ...parameters] = given.split(';').map((part) => part.trim());
  if (!JSON_TYPE.test(type))
    throw new Refusal('unsupported_media_type', `Bodies are taken as application/json only, not ${clipped(type)}`);
  const charset = parameters
    .find((parameter) => /^charset=/i.test(parameter))
    ?.slice(8)
    .replaceAll('"', '');
  if (charset && !/^utf-?8$/i.test(charset))
    throw new Refusal('unsupported_media_type', `JSON is taken in UTF-8 only, not ${clipped(charset)}`);
}

function checkEncoding(request: IncomingMessage): void {
  const encoding = request.headers['content-encoding'];
  if (encoding && ENCODED.test(encoding)) {
    throw new Refusal(
      'unsupported_media_type',
      `The body is compressed (${clipped(encoding)}); send it plain, without Content-Encoding`,
    );
  }
}

function clipped(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** Whole body, or a refusal; too much is read away up to a limit, so that the answer reaches its reader. */
export function readBytes(request: IncomingMessage, bytesMax: number = bodyBytesMax): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const tooLarge = () =>
      new Refusal('too_large', `The body is larger than ${sizeText(bytesMax)}; send it in several requests`);
    const declared = Number(request.headers['content-length'] ?? 0);
    if (declared > bodyDiscardBytesMax) return reject(tooLarge());
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else if (bytes > bodyDiscardBytesMax) reject(tooLarge());
      else chunks.length = 0;
    });
    request.on('end', () => {
      if (bytes > bytesMax) reject(tooLarge());
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, bytes));
    });
    const cutOff = () => reject(new Refusal('validation', `The body was cut off after ${bytes} bytes`));
    request.on('error', cutOff);
    request.on('close', () => {
      if (!request.complete) cutOff();
    });
  });
}

/**
 * Reads away a body that nobody wants, so that the answer is not lost in a reset connection.
 * @returns false when there is too much of it, and the connection has to be closed
 */
export function discardBody(request: IncomingMessage): Promise<boolean> {
  if (request.complete || request.destroyed) return Promise.resolve(request.complete);
  if (Number(request.headers['content-length'] ?? 0) > bodyDiscardBytesMax) return Promise.resolve(false);
  return new Promise((resolve) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bodyDiscardBytesMax) resolve(false);
    });
    request.on('end', () => resolve(true));
    request.on('close', () => resolve(false));
  });
}

function sizeText(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${bytes / 1024 / 1024} MiB` : `${bytes / 1024} KiB`;
}

function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes))
    throw new Refusal('validation', 'The body is not UTF-8 text', [{ path: '$', message: 'is not UTF-8' }]);
  const marked = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const text = marked ? bytes.toString('utf8', 3) : bytes.toString('utf8');
  try {
    return JSON.parse(text);
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    const mistake = jsonMistake(text);
    const words = mistake ? `line ${mistake.line}, column ${mistake.column}: ${mistake.message}` : thrown.message;
    throw new Refusal('validation', `The body is not JSON: ${words}`, [{ path: '$', message: words }]);
  }
}
