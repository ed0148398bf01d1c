/**
 * Turns a playlist (M3U) into one download for each track. It shows a handler in TypeScript whose params are checked by a
 * schema, before a task is even accepted, and tasks that submit others: run again, it submits none twice.
 */
import { readFile } from 'node:fs/promises';
import { defineHandler, Permanent } from 'nightshift/handler';
import { z } from 'zod';

const params = z.strictObject({
  file: z.string().startsWith('/'),
  folder: z.string().min(1).default('playlist'),
  tracksMax: z.int().min(1).max(1_000).default(100),
});

export default defineHandler({
  type: 'playlist.download',
  params,
  lane: 'io',
  async run({ file, folder, tracksMax }, ctx) {
    const tracks = addressesIn(await readFile(file, 'utf8'));
    if (tracks.length === 0) throw new Permanent(`${file} names no track with an address`);
    const taken = tracks.slice(0, tracksMax);
    for (const [index, url] of taken.entries()) {
      await ctx.submit({ type: 'http.download', params: { url, folder }, tags: ['playlist'] });
      ctx.progress(index + 1, taken.length, url);
    }
    ctx.count({ succeeded: taken.length });
    return { tracks: taken.length, leftOut: tracks.length - taken.length };
  },
});

/** Lines that begin with # are titles and lengths. */
function addressesIn(playlist: string): string[] {
  const lines = playlist.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => /^https?:\/\//.test(line));
}
