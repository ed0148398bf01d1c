/**
 * `library.download`: the file of a track. Without a track it adds one task for each that wants its file; with one it brings
 * it into the library, and passes the track on to be uploaded.
 */
import { z } from 'zod';
import { byTurns } from '../catalog/by-turns.ts';
import { libraryOf } from '../catalog/client.ts';
import { downloadTrack, wantsFile } from '../catalog/download.ts';
import { fanOut, labelOf, passOn } from '../catalog/pass-on.ts';
import { type Scope, scopeOf, scopeParams } from '../catalog/scope.ts';
import { hasTarget } from '../catalog/targets/choose.ts';
import { tracksInScope } from '../catalog/tracks-in-scope.ts';
import { wantsUpload } from '../catalog/upload.ts';
import { defineHandler, type HandlerContext, type NextWork } from '../define.ts';
import { placeFor } from '../download/folder.ts';
import type { Track } from '../library-contract.ts';
import { setup } from '../setup.ts';

const params = z.looseObject({
  /** Its id. */
  track: z.string().optional(),
  ...scopeParams,
});

export const handler = defineHandler<z.infer<typeof params>>({
  type: 'library.download',
  lane: 'io',
  timeout: '12h',
  // Those that wait for their host's turn keep their place: the other places of a thread are for other work.
  concurrency: 12,
  settings: ['LIBRARY_DIR', 'LIBRARY_LAYOUT', 'DOWNLOAD_CONCURRENCY', 'ALLOW_PRIVATE_ADDRESSES', 'OBJECT_ENDPOINT'],
  params,
  run(given, ctx) {
    return given.track === undefined ? downloadAll(scopeOf(given), ctx) : downloadOne(given.track, ctx);
  },
});

async function downloadAll(scope: Scope, ctx: HandlerContext) {
  const { root } = await placeFor(setup.dataDir, ctx.settings['LIBRARY_DIR'] || 'library', '');
  let tracks = 0;
  async function* wanted(): AsyncGenerator<{ id: string; title: string; host: string }> {
    for await (const track of tracksInScope(libraryOf(ctx), scope)) {
      if (!(await wantsFile(track, root))) continue;
      tracks++;
      yield { id: track.id, title: track.title, host: hostOf(track) };
    }
  }
  async function* works(): AsyncGenerator<NextWork> {
    for await (const { id, title } of byTurns(wanted(), ({ host }) => host))
      yield { key: id, label: labelOf(title), params: { track: id } };
  }
  const { added } = await fanOut(ctx, works());
  return { tracks, added };
}

function hostOf({ url }: Track): string {
  return url !== null && URL.canParse(url) ? new URL(url).host : '';
}

async function downloadOne(id: string, ctx: HandlerContext) {
  const { result, track } = await downloadTrack(ctx, id, setup.dataDir);
  if (hasTarget(ctx.settings) && wantsUpload(track))
    await passOn(ctx, [{ key: id, label: labelOf(track.title), params: { track: id } }]);
  return result;
}
