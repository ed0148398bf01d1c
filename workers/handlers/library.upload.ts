/**
 * `library.upload`: the file of a track to where the settings say. Without a track it adds one task for each that is not
 * there yet. Where no target is set there is nothing to do.
 */
import { z } from 'zod';
import { libraryOf } from '../catalog/client.ts';
import { fanOut, labelOf } from '../catalog/pass-on.ts';
import { type Scope, scopeOf, scopeParams } from '../catalog/scope.ts';
import { hasTarget, targetSettings } from '../catalog/targets/choose.ts';
import { tracksInScope } from '../catalog/tracks-in-scope.ts';
import { nowhere, uploadTrack, wantsUpload } from '../catalog/upload.ts';
import { defineHandler, type HandlerContext, type NextWork } from '../define.ts';
import { setup } from '../setup.ts';

const params = z.looseObject({
  /** Its id. */
  track: z.string().optional(),
  ...scopeParams,
});

export const handler = defineHandler<z.infer<typeof params>>({
  type: 'library.upload',
  lane: 'io',
  timeout: '12h',
  settings: ['LIBRARY_DIR', ...targetSettings],
  params,
  async run(given, ctx) {
    if (given.track !== undefined) return await uploadTrack(ctx, given.track, setup.dataDir);
    if (hasTarget(ctx.settings)) return await uploadAll(scopeOf(given), ctx);
    ctx.log.info('OBJECT_ENDPOINT is not set: nothing is uploaded');
    return nowhere;
  },
});

async function uploadAll(scope: Scope, ctx: HandlerContext) {
  let tracks = 0;
  async function* works(): AsyncGenerator<NextWork> {
    for await (const track of tracksInScope(libraryOf(ctx), scope)) {
      if (!wantsUpload(track)) continue;
      tracks++;
      yield { key: track.id, label: labelOf(track.title), params: { track: track.id } };
    }
  }
  const { added } = await fanOut(ctx, works());
  return { tracks, added };
}
