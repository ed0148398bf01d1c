/**
 * Answers for the library. What is put is decided and in memory in the turn in which it is asked for; who asked hears of it
 * when it is on disk. Text is looked for a few milliseconds at a time, with turns of everybody else between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type LibraryPage,
  type Playlist,
  type PlaylistQuery,
  type Source,
  TRACK_STATES,
  type Track,
  type TrackQuery,
  trackState,
} from '../workers/library-contract.ts';
import type { Clock } from './clock.ts';
import { putChanges } from './core/decide/library.ts';
import { askedBy } from './core/event.ts';
import { readChanges } from './core/library/input.ts';
import { fromAddress, isTaken, type Library, type PlaylistEntry, trackOf, withDigest } from './core/library/library.ts';
import { playlistIn, playlistsPage, tracksPage } from './core/library/list.ts';
import { type Mistake, Refusal } from './core/refusal.ts';
import type { State } from './core/state.ts';
import type { Actor } from './facade.ts';
import type {
  LibraryFacade,
  LibraryStatus,
  PlaylistView,
  SourceView,
  StateCounts,
  TrackView,
} from './library-facade.ts';
import type { Recorder } from './recorder.ts';
import { mayMention } from './text-search.ts';

const sliceMs = 8;

/** What the sources file says. */
export interface KnownSources {
  /** Those that are on. */
  readonly on: readonly Source[];
  readonly all: readonly SourceView[];
  readonly mistakes: readonly Mistake[];
}

export interface LibraryDeskParts {
  readonly state: State;
  readonly recorder: Pick<Recorder, 'recordGroup'>;
  readonly clock: Clock;
  /** Resolves when this entry is on disk; undefined when it is already. */
  readonly durable: (seq: number) => Promise<void> | undefined;
  /** @throws Refusal when nothing new is taken now */
  readonly mayChange: (whileDraining: boolean) => void;
  readonly sources: KnownSources;
}

export class LibraryDesk implements LibraryFacade {
  readonly #parts: LibraryDeskParts;

  constructor(parts: LibraryDeskParts) {
    this.#parts = parts;
  }

  sources(): readonly Source[] {
    return this.#parts.sources.on;
  }

  /** @throws Refusal of all of them when one cannot be taken */
  async put(playlists: unknown, tracks: unknown, actor: Actor): Promise<void> {
    this.#parts.mayChange(actor.origin.startsWith('handler:'));
    const changes = readChanges(playlists, tracks);
    const decision = putChanges(this.#library, changes, askedBy(actor));
    if (!(decision instanceof Refusal)) this.#parts.recorder.recordGroup(decision);
    await this.#settled();
    if (decision instanceof Refusal) throw decision;
  }

  async status(): Promise<LibraryStatus> {
    const { playlists, ids, counts } = this.#library;
    const { all, mistakes } = this.#parts.sources;
    const status = { playlists: playlists.size, tracks: ids.length, counts: byState(counts), sources: all, mistakes };
    await this.#settled();
    return status;
  }

  async playlist(id: string): Promise<PlaylistView | null> {
    const entry = this.#library.playlists.get(id);
    const view = entry ? playlistView(entry) : null;
    await this.#settled();
    return view;
  }

  async track(id: string): Promise<TrackView | null> {
    const track = trackOf(this.#library, id);
    const view = track && this.#trackView(track);
    await this.#settled();
    return view;
  }

  async playlists(query: PlaylistQuery, after: string | null, limit: number): Promise<LibraryPage<PlaylistView>> {
    const { items, next, total } = playlistsPage(this.#library, query, after, limit);
    const page = { items: items.map(playlistView), next, total };
    await this.#settled();
    return page;
  }

  async tracks(query: TrackQuery, after: string | null, limit: number): Promise<LibraryPage<TrackView>> {
    const { items, next, total } = await this.#look(query, after, limit);
    const page = { items: items.map((track) => this.#trackView(track)), next, total };
    await this.#settled();
    return page;
  }

  /** As they are kept, for handlers. */
  async records<What extends 'playlists' | 'tracks'>(
    what: What,
    query: What extends 'tracks' ? TrackQuery : PlaylistQuery,
    after: string | null,
    limit: number,
  ): Promise<LibraryPage<Playlist | Track>> {
    const page =
      what === 'tracks'
        ? await this.#look(query, after, limit)
        : ((found) => ({ ...found, items: found.items.map(playlistIn) }))(
            playlistsPage(this.#library, query, after, limit),
          );
    await this.#settled();
    return page;
  }

  async record(what: 'playlist' | 'track', id: string): Promise<Playlist | Track | null> {
    const entry = what === 'playlist' ? this.#library.playlists.get(id) : undefined;
    const found = what === 'track' ? trackOf(this.#library, id) : entry ? playlistIn(entry) : null;
    await this.#settled();
    return found;
  }

  async withDigest(sha256: string): Promise<Track | null> {
    const found = withDigest(this.#library, sha256);
    await this.#settled();
    return found;
  }

  async fromAddress(url: string, version: string): Promise<Track | null> {
    const found = fromAddress(this.#library, url, version);
    await this.#settled();
    return found;
  }

  async isTaken(path: string, track: string): Promise<boolean> {
    const taken = isTaken(this.#library, path, track);
    await this.#settled();
    return taken;
  }

  async #look(query: TrackQuery, after: string | null, limit: number): Promise<LibraryPage<Track>> {
    const { clock } = this.#parts;
    const steps = tracksPage(
      this.#library,
      query,
      after,
      limit,
      query.text ? mayMention(query.text.normalize('NFC')) : null,
    );
    for (let until = clock.monotonic() + sliceMs; ; ) {
      const { done, value } = steps.next();
      if (done) return value;
      if (clock.monotonic() < until) continue;
      await nextTurn();
      until = clock.monotonic() + sliceMs;
    }
  }

  #trackView(track: Track): TrackView {
    const playlistTitle = this.#library.playlists.get(track.playlist)?.title ?? '';
    return { ...track, state: trackState(track), playlistTitle };
  }

  async #settled(): Promise<void> {
    await this.#parts.durable(this.#library.seq);
  }

  get #library(): Library {
    return this.#parts.state.library;
  }
}

function playlistView(entry: PlaylistEntry): PlaylistView {
  return { ...playlistIn(entry), counts: byState(entry.counts) };
}

function byState(counts: readonly number[]): StateCounts {
  return Object.fromEntries(TRACK_STATES.map((state, number) => [state, counts[number]])) as StateCounts;
}
