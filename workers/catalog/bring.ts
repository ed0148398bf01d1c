/** The bytes of a track into a part: from its server, or from a folder of this machine. */
import { createReadStream } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type HandlerContext, Permanent } from '../define.ts';
import { Sums } from '../download/digest.ts';
import { diskFull, isFull } from '../download/disk-full.ts';
import type { Part } from '../download/part.ts';
import { Speed, sayBytes } from '../download/speed.ts';
import { transfer } from '../download/transfer.ts';
import { webAddress } from '../http.ts';
import type { Source, Track } from '../library-contract.ts';
import type { Library } from './client.ts';
import { extensionOf } from './extension.ts';
import { headersFor, writtenHostOf } from './fetch-list.ts';
import { inTurn } from './host-turns.ts';
import { localFile, type Places } from './local-files.ts';
import { typeCheck } from './wrong-type.ts';

export interface Brought {
  readonly bytes: number;
  readonly resumedBytes: number;
  readonly sha256: string;
  /** Without its dot. */
  readonly extension: string | null;
}

export interface Wish {
  readonly track: Track;
  readonly url: string;
  /** Null where `sources.yaml` has it no more. */
  readonly source: Source | null;
  readonly places: Places;
  readonly perHost: number;
}

export function bring(ctx: HandlerContext, library: Library, wish: Wish, part: Part): Promise<Brought> {
  if (wish.url.startsWith('file:')) return copy(ctx, wish, part);
  const { host } = webAddress(wish.url);
  return inTurn(library, { host, most: wish.perHost, signal: ctx.signal }, () => fetched(ctx, wish, part));
}

async function fetched(ctx: HandlerContext, { track, url, source }: Wish, part: Part): Promise<Brought> {
  const wanted = {
    url,
    headers: source ? headersFor(source, url) : {},
    // What a list says of it is often wrong; what its server says counts.
    sizeBytes: null,
    digest: null,
    check: typeCheck(track),
    writtenHost: source ? writtenHostOf(source) : '',
  };
  const arrived = await transfer(wanted, part, null, ctx, (bytes) => ctx.checkpoint({ bytes }));
  if (arrived.kind !== 'received') throw new Error('the server says that nothing has changed, but was not asked that');
  const { bytes, resumedBytes, disposition, type } = arrived;
  const extension = extensionOf({ disposition, urls: [url, arrived.url], types: [track.mime, type] });
  return { bytes, resumedBytes, sha256: arrived.digests.get('sha256') ?? '', extension };
}

async function copy(ctx: HandlerContext, { url, source, places }: Wish, part: Part): Promise<Brought> {
  const path = source ? await localFile(url, source, places) : null;
  if (path === null) {
    const message = `${url} is not there, or its source may not read it: only what its path holds is copied`;
    throw new Permanent(message, { code: 'path_refused' });
  }
  const before = await stat(path);
  await refuseWhatCannotFit(part, before.size);
  const { bytes, sha256 } = await copied(ctx, path, before.size, part);
  const after = await stat(path);
  if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || bytes !== before.size)
    throw Object.assign(new Error(`${path} was changed while it was copied`), { code: 'file_changed' });
  return { bytes, resumedBytes: 0, sha256, extension: extensionOf({ urls: [url], types: [] }) };
}

async function copied(ctx: HandlerContext, path: string, totalBytes: number, part: Part) {
  const sums = new Sums(null);
  const speed = new Speed(0, performance.now());
  const handle = await part.open(0);
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { signal: ctx.signal })) {
      await handle.writeFile(chunk as Buffer);
      sums.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      ctx.progress(bytes, totalBytes, speed.text(bytes, performance.now()));
    }
    await handle.sync();
  } catch (error) {
    throw isFull(error) ? diskFull() : error;
  } finally {
    await handle.close();
  }
  return { bytes, sha256: sums.digests().get('sha256') ?? '' };
}

async function refuseWhatCannotFit(part: Part, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(part.path));
  if (bytes > bavail * bsize)
    throw diskFull(`there is room for ${sayBytes(bavail * bsize)} on the disk, but the file has ${sayBytes(bytes)}`);
}
