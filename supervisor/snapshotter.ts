/**
 * Walks the state for a snapshot, a few milliseconds at a time, while work goes on. Small things are written in the first
 * slice; tasks and keys as the walk comes to them, each with the sequence of its last change.
 */

import type { Clock } from './clock.ts';
import { type Entity, encodeEntity, encodePlaylist, encodeStored, encodeTaskHead, encodeTrack } from './core/codec.ts';
import type { PlaylistEntry } from './core/library/library.ts';
import { storedRun } from './core/run/run.ts';
import { keysPerLine } from './core/run/run-limits.ts';
import type { Schedule } from './core/schedule/schedule.ts';
import type { KnownKey, State } from './core/state.ts';
import type { Stored } from './core/store/store.ts';
import type { Task } from './core/task.ts';
import type { SnapshotLine, SnapshotSource } from './journal/journal.ts';

const sliceMs = 3;
const linesPerLook = 64;
/** A line has an end: a rate may count 100,000 starts. */
const startsPerLine = 10_000;

/** A task's line: where its params begin in it. */
interface Moved {
  readonly ref: number;
  readonly headBytes: number;
  readonly length: number;
}

export class StateWalk implements SnapshotSource {
  readonly #state: State;
  readonly #clock: Clock;
  readonly walked: () => Promise<void>;
  /** Id of the task walked last. */
  #walkedTo = '';
  /** Tasks with a later id came after the walk began: the journal brings them, and the walk would never catch up. */
  readonly #lastId: string;
  readonly #schedules: IterableIterator<Schedule>;
  readonly #stored: IterableIterator<Stored>;
  /** Keys of the store still to be walked: those that come meanwhile stand behind them, and the journal brings them. */
  #storedLeft: number;
  /** Playlists and tracks of the library that were there when the walk began: none leaves, and the journal brings others. */
  readonly #playlists: IterableIterator<PlaylistEntry>;
  #playlistsLeft: number;
  #track = 0;
  readonly #tracksEnd: number;
  readonly #keys: Iterator<[string, KnownKey]>[];
  #slice: (Moved | null)[] = [];
  readonly #stageKeys: Iterator<Entity>;
  #phase: 'small' | 'schedules' | 'store' | 'playlists' | 'tracks' | 'tasks' | 'keys' | 'stage-keys' | 'end' | 'done' =
    'small';

  /** @param walked awaited after the last slice, before the snapshot is published: what it forgets must be safe elsewhere */
  constructor(state: State, clock: Clock, walked: () => Promise<void>) {
    this.#state = state;
    this.#clock = clock;
    this.walked = walked;
    this.#lastId = state.order.at(state.order.length - 1) ?? '';
    state.params.beginMove();
    this.#schedules = state.schedules.byId.values();
    this.#stored = state.store.byKey.values();
    this.#storedLeft = state.store.byKey.size;
    this.#playlists = state.library.playlists.values();
    this.#playlistsLeft = state.library.playlists.size;
    this.#tracksEnd = state.library.ids.length;
    this.#stageKeys = stageKeys(state);
    this.#keys = [state.finishedKeys.entries(), state.liveKeys.entries()];
  }

  next(): readonly SnapshotLine[] | null {
    if (this.#phase === 'done') return null;
    this.#slice = [];
    const lines: SnapshotLine[] = [];
    const until = this.#clock.monotonic() + sliceMs;
    do {
      if (!this.#step(lines)) break;
    } while (this.#clock.monotonic() < until);
    return lines;
  }

  placed(file: number, offsets: Float64Array): void {
    for (const [index, moved] of this.#slice.entries()) {
      if (!moved) continue;
      this.#state.params.move(moved.ref, file, (offsets[index] as number) + moved.headBytes, moved.length);
    }
  }

  published(): void {
    this.#state.params.settleMove();
  }

  /** @returns false when there is nothing more */
  #step(lines: SnapshotLine[]): boolean {
    switch (this.#phase) {
      case 'small':
        for (const [entity, seq] of smallEntities(this.#state))
          this.#push(lines, { seq, body: encodeEntity(entity), tail: null }, null);
        this.#phase = 'schedules';
        return true;
      case 'schedules':
        for (let looked = 0; looked < linesPerLook; looked++) if (!this.#schedule(lines)) return true;
        return true;
      case 'store':
        for (let looked = 0; looked < linesPerLook; looked++) if (!this.#store(lines)) return true;
        return true;
      case 'playlists':
        for (let looked = 0; looked < linesPerLook; looked++) if (!this.#playlist(lines)) return true;
        return true;
      case 'tracks':
        this.#tracks(lines);
        return true;
      case 'tasks':
        this.#tasks(lines);
        return true;
      case 'keys':
        for (let looked = 0; looked < linesPerLook; looked++) if (!this.#key(lines)) return true;
        return true;
      case 'stage-keys':
        this.#someStageKeys(lines);
        return true;
      case 'end':
        for (const entity of [
          ...runEntities(this.#state, this.#clock.wall()),
          ...rateEntities(this.#state, this.#clock.wall()),
        ])
          this.#push(lines, { seq: this.#state.seq, body: encodeEntity(entity), tail: null }, null);
        this.#push(
          lines,
          { seq: this.#state.seq, body: encodeEntity({ k: 'end', seq: this.#state.seq }), tail: null },
          null,
        );
        this.#phase = 'done';
        return false;
      default:
        return false;
    }
  }

  #tasks(lines: SnapshotLine[]): void {
    const { order, tasks } = this.#state;
    const from = order.after(this.#walkedTo);
    for (let index = from; index < from + linesPerLook; index++) {
      const id = order.at(index);
      if (id === undefined || id > this.#lastId) {
        this.#phase = 'keys';
        this.#state.touchedKeys = new Set();
        return;
      }
      const task = tasks.get(id);
      if (task) this.#task(task, lines);
      this.#walkedTo = id;
    }
  }

  #schedule(lines: SnapshotLine[]): boolean {
    const { done, value } = this.#schedules.next();
    if (done) {
      this.#phase = 'store';
      return false;
    }
    const { seq, planned: _, nextAt: __, ...stored } = value;
    this.#push(lines, { seq, body: encodeEntity({ k: 'schedule', ...stored }), tail: null }, null);
    return true;
  }

  #store(lines: SnapshotLine[]): boolean {
    const { done, value } = this.#stored.next();
    if (done || this.#storedLeft-- <= 0) {
      this.#phase = 'playlists';
      return false;
    }
    this.#push(lines, { seq: value.version, body: encodeStored(value), tail: null }, null);
    return true;
  }

  #playlist(lines: SnapshotLine[]): boolean {
    const { done, value } = this.#playlists.next();
    if (done || this.#playlistsLeft-- <= 0) {
      this.#phase = 'tracks';
      return false;
    }
    this.#push(lines, { seq: this.#state.library.seq, body: encodePlaylist(value), tail: null }, null);
    return true;
  }

  #tracks(lines: SnapshotLine[]): void {
    const { library } = this.#state;
    const end = Math.min(this.#tracksEnd, this.#track + linesPerLook);
    for (; this.#track < end; this.#track++)
      this.#push(lines, { seq: library.seq, body: encodeTrack(library, this.#track), tail: null }, null);
    if (this.#track === this.#tracksEnd) this.#phase = 'tasks';
  }

  #task(task: Task, lines: SnapshotLine[]): void {
    const { params } = this.#state;
    const head = encodeTaskHead(task);
    const text = params.text(task.params);
    const place = params.place(task.params);
    const headBytes = Buffer.byteLength(head);
    const length = text === null ? (place?.length ?? 0) : Buffer.byteLength(text);
    this.#push(
      lines,
      { seq: task.seq, body: text === null ? head : head + text, tail: text === null ? place : null },
      { ref: task.params, headBytes, length },
    );
  }

  #key(lines: SnapshotLine[]): boolean {
    const next = this.#keys[0]?.next();
    if (!next) {
      this.#touchedKeys(lines);
      this.#phase = 'stage-keys';
      return false;
    }
    if (next.done) {
      this.#keys.shift();
      return true;
    }
    this.#pushKey(lines, ...next.value);
    return true;
  }

  #someStageKeys(lines: SnapshotLine[]): void {
    const { done, value } = this.#stageKeys.next();
    if (done) this.#phase = 'end';
    else this.#push(lines, { seq: this.#state.seq, body: encodeEntity(value), tail: null }, null);
  }

  /** A key that moved between the maps meanwhile may have been missed in both. */
  #touchedKeys(lines: SnapshotLine[]): void {
    const { touchedKeys, liveKeys, finishedKeys } = this.#state;
    this.#state.touchedKeys = null;
    for (const digest of touchedKeys ?? []) {
      const known = liveKeys.get(digest) ?? finishedKeys.get(digest);
      if (known) this.#pushKey(lines, digest, known);
    }
  }

  #pushKey(lines: SnapshotLine[], digest: string, { seq, ...known }: KnownKey): void {
    this.#push(lines, { seq, body: encodeEntity({ k: 'key', digest, ...known }), tail: null }, null);
  }

  #push(lines: SnapshotLine[], line: SnapshotLine, moved: Moved | null): void {
    lines.push(line);
    this.#slice.push(moved);
  }
}

/** Keys only ever come to a stage: those that come once the walk has passed are in the journal. */
function* stageKeys(state: State): Generator<Entity, undefined> {
  for (const { id, stages } of state.runs.byId.values()) {
    for (const { stage, keys: all } of stages) {
      let keys: string[] = [];
      for (const key of all) {
        if (keys.push(key) < keysPerLine) continue;
        yield { k: 'stage-keys', run: id, stage: stage.name, keys };
        keys = [];
      }
      if (keys.length > 0) yield { k: 'stage-keys', run: id, stage: stage.name, keys };
    }
  }
}

/** Counted up to the end of the walk: a task that has left meanwhile is in no other line. */
function runEntities(state: State, now: number): Entity[] {
  return [...state.runs.byId.values()].map((run) => ({
    k: 'run',
    ...storedRun(run, now),
  }));
}

/** Small as well, but counted up to the end of the walk: a start whose task has left meanwhile is in no other line. */
function rateEntities(state: State, now: number): Entity[] {
  return [...state.rates].flatMap(([group, window]) => {
    const starts = window.startsSince(now - window.rate.perMs);
    const lines = Math.ceil(starts.length / startsPerLine);
    return Array.from({ length: lines }, (_, line): Entity => {
      return { k: 'rate', group, starts: starts.slice(line * startsPerLine, (line + 1) * startsPerLine) };
    });
  });
}

function smallEntities(state: State): [Entity, number][] {
  const { seq, pausedAll, pausedTypes, inboxTaken, children, lastStop, totals, incarnation, schedules } = state;
  const entities: [Entity, number][] = [[{ k: 'totals', totals: { ...totals } }, seq]];
  if (pausedAll) entities.push([{ k: 'pause', type: null, pause: pausedAll }, pausedAll.seq]);
  for (const [type, pause] of pausedTypes) entities.push([{ k: 'pause', type, pause }, pause.seq]);
  for (const [uuid, taken] of inboxTaken) entities.push([{ k: 'inbox', uuid, file: taken.file }, taken.seq]);
  for (const child of children.values()) entities.push([{ k: 'child', ...child }, seq]);
  const { pausedAll: schedulesPaused, offSince, holds, zone, builtIns } = schedules;
  const all = { pausedAll: schedulesPaused, offSince, holds, zone, builtIns: [...builtIns] };
  if (zone !== null) entities.push([{ k: 'scheduler', ...all }, seq]);
  if (lastStop) entities.push([{ k: 'stop', incarnation, ...lastStop }, seq]);
  return entities;
}
