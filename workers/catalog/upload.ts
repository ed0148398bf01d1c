/** A file of the library to its target, once; what was sent is written down when the target has it whole. */
import { join } from 'node:path';
import { type HandlerContext, type HttpClient, Permanent } from '../define.ts';
import { placeFor } from '../download/folder.ts';
import { Speed } from '../download/speed.ts';
import { request } from '../http.ts';
import { type Track, type TrackFile, trackState } from '../library-contract.ts';
import { type Library, libraryOf } from './client.ts';
import { noting } from './failure.ts';
import { mustBeOnDisk } from './on-disk.ts';
import { objectName, targetOf } from './targets/choose.ts';
import type { Target } from './targets/target.ts';

export interface Uploaded {
  /** Null where no target is set. */
  readonly target: string | null;
  readonly name: string | null;
  readonly bytes: number;
  /** It was there already, or there is nowhere to send it to. */
  readonly skipped: boolean;
}

const farewellMsMax = 3_000;
export const nowhere: Uploaded = { target: null, name: null, bytes: 0, skipped: true };

export async function uploadTrack(ctx: HandlerContext, id: string, dataDir: string): Promise<Uploaded> {
  const target = targetOf(ctx.settings, { http: ctx.http, farewell: farewellOf(ctx) }, dataDir);
  if (!target) return nowhere;
  const library = libraryOf(ctx);
  await library.claim(`track:${id}`);
  const track = await library.track(id);
  if (!track) throw new Permanent(`the library has no track ${id}`, { code: 'no_track' });
  return await noting(ctx, library, id, 'upload', async () => {
    if (!track.file) throw new Permanent('there is no file yet: download it first', { code: 'no_file' });
    const { root } = await placeFor(dataDir, ctx.settings['LIBRARY_DIR'] || 'library', '');
    return await send(ctx, library, track, track.file, target, root);
  });
}

async function send(
  ctx: HandlerContext,
  library: Library,
  track: Track,
  file: TrackFile,
  target: Target,
  root: string,
): Promise<Uploaded> {
  const { bytes, sha256 } = file;
  const name = objectName(ctx.settings, file.path);
  // Tracks that share a file have one object too.
  await library.claim(`object:${target.name}/${name}`);
  const local = { path: join(root, file.path), bytes, sha256 };
  const known = track.upload;
  const recorded = known?.target === target.name && known.name === name && known.sha256 === sha256;
  const there = await target.holds(name, local, recorded);
  if (!there) {
    await mustBeOnDisk(local.path);
    await target.put(name, local, sendingOf(ctx, bytes));
  }
  const upload = { target: target.name, name, bytes, sha256, at: new Date().toISOString() };
  await library.put({ tracks: [{ id: track.id, upload: there && recorded ? known : upload, failure: null }] });
  ctx.log.info(there ? `${target.name} has it already: ${name}` : `sent ${bytes} bytes to ${target.name} as ${name}`);
  return { target: target.name, name, bytes, skipped: there };
}

function sendingOf(ctx: HandlerContext, totalBytes: number) {
  const speed = new Speed(0, performance.now());
  const { progress } = ctx;
  return {
    resume: ctx.resume,
    signal: ctx.signal,
    save: (state: unknown) => ctx.checkpoint(state),
    sent: (bytes: number) => progress(bytes, totalBytes, speed.text(bytes, performance.now())),
  };
}

/** Ends in time for what ends an attempt that does not end. */
function farewellOf({ settings }: HandlerContext): HttpClient {
  return {
    request: (url, options = {}) => request(url, { ...options, signal: AbortSignal.timeout(farewellMsMax) }, settings),
  };
}

/** Whether a run of uploads has something to do for it. */
export function wantsUpload(track: Track): boolean {
  if (!track.file) return false;
  return (
    track.upload?.sha256 !== track.file.sha256 || (trackState(track) === 'failed' && track.failure?.stage === 'upload')
  );
}
