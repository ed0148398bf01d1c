/** `library.catalog`: a playlist that was collected, written down; its list is left for `library.sync`. */
import { z } from 'zod';
import { libraryOf } from '../catalog/client.ts';
import { playlistParams } from '../catalog/playlist-params.ts';
import { recordPlaylist } from '../catalog/record-playlist.ts';
import { defineHandler } from '../define.ts';

const params = z.looseObject({ source: z.string().min(1), playlist: playlistParams });
type Params = z.infer<typeof params>;

export const handler = defineHandler<Params>({
  type: 'library.catalog',
  lane: 'io',
  timeout: '10m',
  params,
  async run({ source, playlist }, ctx) {
    const library = libraryOf(ctx);
    const { id, title } = await recordPlaylist(library, source, playlist);
    ctx.count({ succeeded: 1 });
    return { playlist: id, title };
  },
});
