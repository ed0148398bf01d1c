/** A list as its server, or this machine, has it now; only if it is another one than was seen before. */
import { createHash } from 'node:crypto';
import { pipeline, type Readable } from 'node:stream';
import type { HandlerContext, HttpResponse } from '../define.ts';
import { codingOf, unpackerOf } from '../http-coding.ts';
import { networkFault } from '../http-fault.ts';
import { unexpectedStatus } from '../http-status.ts';
import type { Seen, Source } from '../library-contract.ts';
import { listBytesMax, listFault } from './list.ts';
import { readLocalList } from './local-files.ts';

const ACCEPT =
  'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.8';
const TRUNCATED = ['Z_BUF_ERROR', 'ERR_STREAM_PREMATURE_CLOSE'];

export interface Fetched {
  readonly bytes: Buffer;
  readonly contentType: string | null;
  /** That answered, after redirects. */
  readonly address: string;
  readonly seen: Seen;
}

/** Headers of a source are meant for its own server; lists of a pool mostly lie elsewhere. */
export function headersFor({ url, headers }: Source, address: string): Record<string, string> {
  return url !== null && new URL(url).origin === new URL(address).origin ? { ...headers } : {};
}

/**
 * On which host a private address counts as meant by a person: that of the source; any, where the list is a file of theirs;
 * none, where the playlist was found without a source.
 */
export function writtenHostOf({ url, path }: Source): string | undefined {
  if (url !== null) return new URL(url).hostname;
  return path === null ? '' : undefined;
}

/**
 * @param seen what it was when it was read last; null asks for all of it
 * @returns null where nothing has changed
 * @throws `list_too_large`, `list_truncated`, `http_404` and other faults of HTTP
 */
export async function fetchList(
  ctx: HandlerContext,
  source: Source,
  url: string,
  seen: Seen | null,
): Promise<Fetched | null> {
  const response = await ctx.http.request(url, {
    headers: {
      accept: ACCEPT,
      'accept-encoding': 'gzip, deflate, br',
      ...headersFor(source, url),
      ...conditions(seen),
    },
    writtenHost: writtenHostOf(source),
  });
  const { status, headers } = response;
  if (status === 304 && seen !== null) {
    await response.discard();
    return null;
  }
  if (status !== 200) {
    await response.discard();
    throw unexpectedStatus({ method: 'GET', url: response.url, status, headers, excerpt: '' });
  }
  const bytes = await bodyOf(response);
  const etag = headers['etag']?.slice(0, 1_000) ?? null;
  const lastModified = headers['last-modified']?.slice(0, 100) ?? null;
  return unlessSeen(
    {
      bytes,
      contentType: headers['content-type'] ?? null,
      address: response.url,
      seen: { etag, lastModified, sha256: digest(bytes) },
    },
    seen,
  );
}

/** @param path without links */
export async function readLocal(path: string, url: string, seen: Seen | null): Promise<Fetched | null> {
  const bytes = await readLocalList(path);
  return unlessSeen(
    { bytes, contentType: null, address: url, seen: { etag: null, lastModified: null, sha256: digest(bytes) } },
    seen,
  );
}

/** Many servers know neither of the two, or make an ETag anew for each answer. */
function unlessSeen(fetched: Fetched, seen: Seen | null): Fetched | null {
  return seen?.sha256 === fetched.seen.sha256 ? null : fetched;
}

function conditions(seen: Seen | null): Record<string, string> {
  return {
    ...(seen?.etag && { 'if-none-match': seen.etag }),
    ...(seen?.lastModified && { 'if-modified-since': seen.lastModified }),
  };
}

async function bodyOf(response: HttpResponse): Promise<Buffer> {
  const coding = codingOf(response.headers);
  const unpacker = coding === null ? null : unpackerOf(coding);
  if (coding !== null && unpacker === null) {
    await response.discard();
    throw listFault('not_a_list', `the list is packed in a way that is not known: ${coding.slice(0, 50)}`);
  }
  if (Number(response.headers['content-length'] ?? 0) > listBytesMax) {
    await response.discard();
    throw tooLarge();
  }
  const body: Readable = unpacker ? pipeline(response.body, unpacker, () => {}) : response.body;
  return readAll(body, new URL(response.url));
}

async function readAll(body: Readable, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length;
      // Leaving the loop ends the connection.
      if (bytes > listBytesMax) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (TRUNCATED.includes(code)) throw listFault('list_truncated', `${url.host} sent only a part of the list`);
    throw networkFault(error, url);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): Error {
  return listFault('list_too_large', `the list has more than ${listBytesMax} bytes, and is not read any further`);
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
