/**
 * `library.tag`: what the catalog knows of a track goes into those tags of its file that are empty. `library.metadata`
 * submits one for each track when it is asked to.
 */
import { z } from 'zod';
import { tagTrack } from '../catalog/tag-track.ts';
import { defineHandler } from '../define.ts';
import { setup } from '../setup.ts';

const params = z.strictObject({
  /** Its id. */
  track: z.string(),
});

export const handler = defineHandler<z.infer<typeof params>>({
  type: 'library.tag',
  lane: 'cpu',
  timeout: '1h',
  settings: ['LIBRARY_DIR'],
  params,
  run: ({ track }, ctx) => tagTrack(ctx, track, setup.dataDir),
});
