/**
 * A kind of source of one's own, for the media library: a shelf, which is a JSON file that names albums and their tracks.
 * It shows what a handler `source.<kind>` is given, and what it gives to the next stage of a run.
 */
export default {
  type: 'source.shelf',
  lane: 'io',
  timeout: '10m',
  maxAttempts: 3,

  /** @param {{ source: { name: string, url: string, headers: Record<string, string>, groups: string[] } }} params */
  async run({ source }, ctx) {
    const response = await ctx.http.request(source.url, { headers: source.headers });
    if (response.status !== 200) {
      await response.discard();
      throw new Error(`${source.url} was answered with ${response.status}`);
    }
    const { albums = [] } = await response.json();
    for (const [index, album] of albums.entries()) {
      const tracks = album.tracks.map(({ id, title, artist, file, bytes }) => ({
        key: id,
        title,
        artist,
        album: album.title,
        bytes,
        url: new URL(file, response.url).href,
      }));
      const playlist = { key: album.id, title: album.title, groups: source.groups, tracks };
      await ctx.next({
        key: `${source.name}/${album.id}`,
        label: album.title,
        params: { source: source.name, playlist },
      });
      ctx.progress(index + 1, albums.length, album.title);
    }
    // All that there is: albums that were there before and are not named here are marked as gone.
    await ctx.next({
      stage: ctx.task.run.stage,
      type: 'library.collect',
      key: `found/${source.name}`,
      label: `Albums of ${source.name}`,
      params: { source: source.name, found: albums.map(({ id }) => id) },
    });
    ctx.count({ succeeded: albums.length });
    return { albums: albums.length };
  },
};
