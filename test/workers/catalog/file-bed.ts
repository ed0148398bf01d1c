/** `library.download` and `library.upload` in a real worker thread, with a catalog in memory. */
import { join } from 'node:path';
import type { OutcomeItem } from '../../../workers/contract.ts';
import { type Playlist, playlistId, type Source, type Track, trackId } from '../../../workers/library-contract.ts';
import { MemoryLibrary } from '../../helpers/memory-library.ts';
import { ordersFor } from '../../helpers/orders.ts';
import { type Bed, builtIn } from '../thread-pool.ts';

export interface Next {
  readonly key: string;
  readonly label?: string;
  readonly stage?: string;
  readonly params: { readonly track?: string };
}

export interface LibraryBed extends Bed {
  readonly catalog: MemoryLibrary;
  readonly nexts: Next[];
  /** Of the library. */
  readonly root: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly source: (own: Partial<Source> & { name: string }) => void;
  readonly playlist: (title: string, own?: Partial<Playlist>) => string;
  /** @returns its id */
  readonly track: (playlist: string, own: Partial<Track> & { key: string }) => string;
  /** One attempt of a task. */
  readonly attempt: (id: string | null, own?: Own) => Promise<OutcomeItem>;
  /** What it returned. @throws when it did not succeed */
  readonly done: (id: string | null, own?: Own) => Promise<Record<string, unknown>>;
  readonly get: (id: string) => Track;
}

interface Own {
  readonly settings?: Readonly<Record<string, string>>;
  readonly attempt?: number;
  readonly taskId?: string;
  readonly resume?: unknown;
  readonly params?: object;
}

let libraries = 0;

/** @param shared thread of all tests of a file: loading a handler takes longer than most of them */
export function libraryBed(shared: Bed, type: string, more: Readonly<Record<string, string>> = {}): LibraryBed {
  const folder = `library-${++libraries}`;
  const settings = { LIBRARY_DIR: folder, ...more };
  const order = ordersFor(builtIn(type), type, { run: { id: 'run', stage: 'here' } });
  const catalog = new MemoryLibrary();
  const nexts: Next[] = [];
  shared.pool.answer = ({ request, taskId }) => {
    if (request.name === 'library') return catalog.answer(request.ask, taskId);
    if (request.name === 'next') nexts.push(request.work as Next);
    return { added: true };
  };
  const attempt: LibraryBed['attempt'] = async (id, { params, ...own } = {}) => {
    const given = order(params ?? (id === null ? {} : { track: id }), {
      ...own,
      settings: { ...settings, ...own.settings },
    });
    const outcome = await shared.pool.outcome(given);
    catalog.release(given.taskId);
    return outcome;
  };
  return {
    ...shared,
    root: join(shared.dataDir, folder),
    settings,
    order,
    catalog,
    nexts,
    attempt,
    source: (own) => {
      const source = { kind: 'feed', url: null, path: null, groups: [], headers: {}, limit: null, ...own };
      catalog.sources = [...catalog.sources, source];
    },
    playlist: (title, own = {}) => {
      const id = playlistId(own.source ?? 'pods', title);
      catalog.put([{ id, source: 'pods', key: title, title, ...own }], []);
      return id;
    },
    track: (playlist, own) => {
      const id = trackId(playlist, own.key);
      catalog.put([], [{ id, playlist, title: own.key, position: 0, version: '1', ...own }]);
      return id;
    },
    done: async (id, own) => {
      const outcome = await attempt(id, own);
      if (outcome.outcome !== 'succeeded')
        throw new Error(`did not succeed: ${outcome.error?.code}: ${outcome.error?.message}`);
      return JSON.parse(outcome.result ?? '{}');
    },
    get: (id) => catalog.tracks.get(id) as Track,
  };
}
