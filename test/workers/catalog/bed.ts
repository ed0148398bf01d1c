/** A `library.*` handler in a real thread, with a catalog and a store in memory, and what it has submitted. */
import { v7 } from 'uuid';
import type { CallItem } from '../../../workers/contract.ts';
import type { SubmittedTask } from '../../../workers/define.ts';
import { playlistId, type Track, trackId } from '../../../workers/library-contract.ts';
import { TriedStore } from '../../../workers/tried-store.ts';
import { MemoryLibrary } from '../../helpers/memory-library.ts';
import { bed, builtIn } from '../thread-pool.ts';

export async function libraryBed(t: { teardown(call: () => unknown): void }, handler: string) {
  const { pool, order, dataDir } = await bed(t, builtIn(handler));
  const submitted: SubmittedTask[] = [];
  const here = {
    dataDir,
    library: new MemoryLibrary(),
    store: new TriedStore({}, Date.now),
    submitted,
    async run(params: object, settings: Record<string, string> = {}, task: object = {}) {
      pool.answer = ({ request }: CallItem) => {
        if (request.name === 'library') return here.library.answer(request.ask);
        if (request.name === 'store') return here.store.answer(request.ask);
        if (request.name === 'submit') submitted.push(request.task as SubmittedTask);
        return { id: 'x' };
      };
      const asked = order(params, { settings, taskId: v7(), ...task });
      const outcome = await pool.outcome(asked);
      const counts = pool.items.filter((item) => item.kind === 'count' && item.taskId === asked.taskId).at(-1);
      return {
        ...outcome,
        told: JSON.parse(outcome.result ?? 'null'),
        counts,
        log: pool.log(asked).map(({ text }) => text),
      };
    },
    /** A playlist with tracks by their titles. @returns its id */
    playlist(title: string, tracks: Record<string, Partial<Track>>, more: object = {}): string {
      const id = playlistId('pods', title);
      const records = Object.entries(tracks).map(([name, given], position) => ({
        id: trackId(id, name),
        playlist: id,
        key: name,
        title: name,
        url: `https://example.org/${encodeURIComponent(name)}`,
        position,
        version: '1',
        ...given,
      }));
      here.library.put([{ id, source: 'pods', key: title, title, ...more }], records);
      return id;
    },
    track: (title: string) => [...here.library.tracks.values()].find((track) => track.title === title) as Track,
  };
  return here;
}

export function fileAt(path: string, version = '1') {
  return { path, bytes: 1, sha256: 'a'.repeat(64), version, at: '2026-11-24T00:00:00.000Z' };
}

export function failedIn(stage: string) {
  return { code: 'x', message: 'x', task: 'x', at: '2026-11-24T00:00:00.000Z', stage };
}
