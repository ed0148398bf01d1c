/**
 * HTTP for handlers (`ctx.http`): undici with time limits, the proxy of the environment, and redirects that are followed
 * here, one by one, because where they lead is not what a person wrote (see `http-connect.ts`).
 */
import { Readable } from 'node:stream';
import { type Dispatcher, request as undiciRequest } from 'undici';
import { type HttpOptions, type HttpResponse, Permanent } from './define.ts';
import { dispatcherFor } from './http-connect.ts';
import { networkFault } from './http-fault.ts';

export const redirectsMax = 5;
const answerBytesMax = 16 * 1024 * 1024;
/** Reading so much of a body nobody wants keeps the connection; of a longer one, it is cheaper to cut it. */
const discardBytesMax = 64 * 1024;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Headers that must not go to another origin: its owner is somebody else. */
const CREDENTIAL = /^(?:authorization|cookie|proxy-authorization)$|token|secret|api-?key|password|signature/i;

interface Hop {
  readonly target: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | Readable | null;
}

export async function request(
  url: string | URL,
  options: HttpOptions,
  settings: Readonly<Record<string, string>>,
): Promise<HttpResponse> {
  let hop = firstHop(url, options);
  const written = hop.target.hostname;
  const most = hop.body instanceof Readable ? 0 : (options.redirectsMax ?? redirectsMax);
  for (let redirects = 0; ; redirects++) {
    const dispatcher = dispatcherFor(
      hop.target,
      options.writtenHost ?? written,
      settings['ALLOW_PRIVATE_ADDRESSES'] ?? '',
    );
    const answer = await send(hop, dispatcher, options.signal);
    const location = answer.headers['location'];
    if (most === 0 || !REDIRECTS.includes(answer.statusCode) || typeof location !== 'string')
      return response(answer, hop.target);
    await discard(answer.body);
    if (redirects === most)
      throw new Permanent(`more than ${most} redirects, the last to ${location}`, { code: 'too_many_redirects' });
    hop = nextHop(hop, answer.statusCode, location);
  }
}

function firstHop(url: string | URL, options: HttpOptions): Hop {
  const target = webAddress(String(url));
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
  if (target.username !== '' && headers['authorization'] === undefined) {
    const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    headers['authorization'] = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }
  target.username = '';
  target.password = '';
  headers['user-agent'] ??= 'nightshift';
  return { target, method: (options.method ?? 'GET').toUpperCase(), headers, body: options.body ?? null };
}

/** @throws Permanent for anything but `http:` and `https:` */
export function webAddress(text: string): URL {
  if (!URL.canParse(text))
    throw new Permanent(`is not a web address: ${text.slice(0, 200)}`, { code: 'wrong_address' });
  const url = new URL(text);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new Permanent(`${url.protocol} addresses are not fetched, only http: and https:`, { code: 'wrong_address' });
}

async function send(
  hop: Hop,
  dispatcher: Dispatcher,
  signal: AbortSignal | undefined,
): Promise<Dispatcher.ResponseData> {
  try {
    return await undiciRequest(hop.target, {
      method: hop.method as Dispatcher.HttpMethod,
      headers: hop.headers,
      body: hop.body,
      dispatcher,
      ...(signal && { signal }),
    });
  } catch (error) {
    throw signal?.aborted ? error : networkFault(error, hop.target);
  }
}

/** What a browser does: 303, and a POST answered with 301 or 302, become GET; credentials stay with their origin. */
function nextHop(hop: Hop, status: number, location: string): Hop {
  const target = webAddress(followed(location, hop.target));
  const becomesGet =
    status === 303 ? hop.method !== 'HEAD' : hop.method === 'POST' && (status === 301 || status === 302);
  const sameOrigin = target.origin === hop.target.origin;
  const kept = Object.entries(hop.headers).filter(
    ([name]) => (sameOrigin || !CREDENTIAL.test(name)) && !(becomesGet && name.startsWith('content-')),
  );
  target.username = '';
  target.password = '';
  return {
    target,
    method: becomesGet ? 'GET' : hop.method,
    headers: Object.fromEntries(kept),
    body: becomesGet ? null : hop.body,
  };
}

/** Many servers write UTF-8 into the header as it is; undici gives header bytes as latin1. */
function followed(location: string, base: URL): string {
  const text = Buffer.from(location, 'latin1').toString('utf8');
  const readable = text.includes('\uFFFD') ? location : text;
  if (!URL.canParse(readable, base.href)) {
    throw new Permanent(`a redirect leads to what is no address: ${location.slice(0, 200)}`, { code: 'wrong_address' });
  }
  return new URL(readable, base).href;
}

function response(answer: Dispatcher.ResponseData, url: URL): HttpResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const body: Readable = answer.body;
  const text = async (bytesMax = answerBytesMax) => (await readAll(body, bytesMax, url)).toString('utf8');
  return {
    status: answer.statusCode,
    headers,
    url: url.href,
    body,
    text,
    json: async (bytesMax) => JSON.parse(await text(bytesMax)),
    discard: () => discard(answer.body),
  };
}

async function discard(body: Dispatcher.ResponseData['body']): Promise<void> {
  // A body that is cut off says so with an error, which without a listener would be an uncaught exception.
  body.on('error', () => {});
  if (!body.destroyed) await body.dump({ limit: discardBytesMax }).catch(() => {});
}

async function readAll(body: Readable, bytesMax: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length;
      if (bytes > bytesMax)
        throw new Permanent(`the answer is longer than ${bytesMax} bytes`, { code: 'answer_too_large' });
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw networkFault(error, url);
  }
  return Buffer.concat(chunks);
}
