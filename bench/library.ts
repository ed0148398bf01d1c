/** The catalog of the library with two hundred thousand tracks of some 500 bytes: memory, how it is filled and asked. */
import { type PlaylistChange, playlistId, type TrackChange, trackId } from '../workers/library-contract.ts';
import { openHere, removeFolder } from './bed.ts';
import { type Bench, type Figure, perSecond } from './figure.ts';

const actor = { origin: 'bench', from: null };
const playlists = 200;
const tracksPerPut = 500;

export const library: Bench = async (quick) => {
  const tracksEach = quick ? 100 : 1_000;
  const bed = await openHere();
  const { library } = bed;
  const began = performance.now();
  let bytes = 0;
  for (let number = 0; number < playlists; number++) {
    const playlist = playlistOf(number);
    for (let from = 0; from < tracksEach; from += tracksPerPut) {
      const count = Math.min(tracksPerPut, tracksEach - from);
      const tracks = Array.from({ length: count }, (_, index) => trackOf(playlist.id, number, from + index));
      bytes += Buffer.byteLength(JSON.stringify(tracks));
      await library.put(from === 0 ? [playlist] : [], tracks, actor);
    }
  }
  const total = playlists * tracksEach;
  const rate = total / ((performance.now() - began) / 1_000);
  const memory = process.memoryUsage.rss() / 1024 / 1024;
  const figures: Figure[] = [
    {
      name: `tracks put, 500 at a time (${Math.round(bytes / total)} bytes each)`,
      value: rate,
      unit: perSecond,
      target: null,
    },
    { name: `memory of the process with ${total} tracks`, value: memory, unit: 'MB', target: quick ? null : 300 },
  ];
  for (const [name, query] of [
    ['a page of those in one state, of a group', { states: ['new'], groups: ['group 1'] }],
    ['a page of a text that is in none of them', { text: 'no such words' }],
  ] as const) {
    const { ms, stillMs } = await stillness(() => library.tracks(query, null, 100));
    figures.push({ name, value: ms, unit: 'ms', target: null });
    figures.push({ name: `${name}: longest time for nobody else`, value: stillMs, unit: 'ms', target: 30 });
  }
  removeFolder(bed.dir);
  return figures;
};

/** @returns how long it took, and the longest time in which no other turn came */
async function stillness(call: () => Promise<unknown>): Promise<{ ms: number; stillMs: number }> {
  const began = performance.now();
  let [last, stillMs, over] = [began, 0, false];
  const tick = () => {
    const now = performance.now();
    stillMs = Math.max(stillMs, now - last);
    last = now;
    if (!over) setImmediate(tick);
  };
  setImmediate(tick);
  await call();
  over = true;
  const ms = performance.now() - began;
  return { ms, stillMs: Math.max(stillMs, performance.now() - last) };
}

function playlistOf(number: number): PlaylistChange & { readonly id: string } {
  const key = `https://feeds.example.org/${number}`;
  const about = { source: 'bench', key, title: `Playlist ${number}`, url: key, kind: 'feed' };
  return { id: playlistId('bench', key), ...about, groups: [`group ${number % 10}`] };
}

/** With a file, as most are. */
function trackOf(playlist: string, number: number, position: number): TrackChange {
  const url = `https://media.example.org/${number}/episode-${position}.mp3`;
  const sha256 = `${playlist}${String(position).padStart(8, '0')}`.padEnd(64, '0');
  const at = '2026-11-26T12:00:00.000Z';
  return {
    id: trackId(playlist, url),
    playlist,
    key: url,
    title: `Evening talk ${position}: 夜の話`,
    position,
    version: '"5f3a-61"',
    date: '2026-11-24',
    url,
    bytes: 48_000_000,
    mime: 'audio/mpeg',
    ...(position % 4 > 0 && {
      file: { path: `bench/Playlist ${number}/${position}.mp3`, bytes: 48_000_000, sha256, version: '"5f3a-61"', at },
    }),
  };
}
