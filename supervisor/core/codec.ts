/**
 * Events and entities as text: the body of a journal line or of a snapshot line, JSON members without braces. Options and
 * params are always the last members, so that their place is known without parsing them. `decode.ts` reads them back.
 */
import type { Playlist, Track } from '../../workers/library-contract.ts';
import type { AttemptEnded, Event } from './event.ts';
import type { Library, PlaylistEntry } from './library/library.ts';
import { optionsText } from './options.ts';
import type { StoredRun } from './run/run.ts';
import type { Hold, SchedulePause, StoredSchedule } from './schedule/schedule.ts';
import type { KnownKey, Pause, Totals } from './state.ts';
import type { Stored } from './store/store.ts';
import type { Task } from './task.ts';

/** How the two common kinds of line begin; `decode.ts` knows them by it. */
export const ACCEPTED = '"e":"task.accepted","id":"';
export const TASK = '"k":"task","id":"';
/** Values of the store stand last in their line, as JSON: the mark before them cannot stand in a key, whose quotes are escaped. */
export const STORE_SET = '"e":"store.set","key":';
export const STORED = '"k":"stored","key":';
export const VALUE = ',"value":';
/** A track of the library: the head of its line is as long in all of them, its members follow as they are kept. */
export const TRACK = '"k":"track","id":"';
const trackIdChars = 16;
export const trackHeadChars = TRACK.length + trackIdChars + '","playlist":"'.length + trackIdChars + '",'.length;

export function encodeEvent(event: Event): string {
  switch (event.e) {
    case 'task.accepted':
      return (
        `${ACCEPTED}${event.id}"` +
        (event.key === null ? '' : `,"key":${JSON.stringify(event.key)}`) +
        (event.runAt === null ? '' : `,"runAt":${event.runAt}`) +
        (event.relative ? ',"relative":true' : '') +
        (event.retryOf === null ? '' : `,"retryOf":"${event.retryOf}"`) +
        (event.occurrence === undefined ? '' : `,"occurrence":${JSON.stringify(event.occurrence)}`) +
        (event.label === undefined ? '' : `,"label":${JSON.stringify(event.label)}`) +
        (event.replaces === undefined ? '' : `,"replaces":"${event.replaces}"`) +
        `,"options":${optionsText(event.options)},"params":${event.params}`
      );
    case 'attempt.started':
      return (
        `"e":"attempt.started","id":"${event.id}","n":${event.n},"worker":"${event.worker}"` +
        `,"handler":${event.handler === null ? 'null' : `"${event.handler}"`},"solo":${event.solo}`
      );
    case 'attempt.ended':
      return encodeEnding(event);
    case 'store.set':
      return (
        `${STORE_SET}${JSON.stringify(event.key)},"expiresAt":${event.expiresAt},"by":${JSON.stringify(event.by)}` +
        (event.from === undefined ? '' : `,"from":${JSON.stringify(event.from)}`) +
        `${VALUE}${event.value}`
      );
    default:
      return JSON.stringify(event).slice(1, -1);
  }
}

/** An ending that has nothing to say beside how it ended is the common one. */
function encodeEnding(event: AttemptEnded): string {
  if (event.outcome !== 'succeeded' || event.log) return JSON.stringify(event).slice(1, -1);
  const { id, n, next, result } = event;
  const said = result === undefined ? '' : `,"result":${JSON.stringify(result)}`;
  return `"e":"attempt.ended","id":"${id}","n":${n},"outcome":"succeeded","next":"${next}"${said}`;
}

/** Everything a snapshot holds beside tasks; small, and written in one go. */
export type Entity =
  | { readonly k: 'totals'; readonly totals: Totals }
  | { readonly k: 'pause'; readonly type: string | null; readonly pause: Pause }
  | { readonly k: 'inbox'; readonly uuid: string; readonly file: string }
  | {
      readonly k: 'child';
      readonly taskId: string;
      readonly group: number;
      readonly ticks: string;
      readonly boot: string;
    }
  | {
      readonly k: 'stop';
      readonly incarnation: string | null;
      readonly at: number;
      readonly clean: boolean;
      readonly boot: string;
    }
  | ({ readonly k: 'key'; readonly digest: string } & Omit<KnownKey, 'seq'>)
  | ({ readonly k: 'schedule' } & StoredSchedule)
  /** What holds for all schedules. */
  | {
      readonly k: 'scheduler';
      readonly pausedAll: SchedulePause | null;
      readonly offSince: number | null;
      readonly holds: readonly Hold[];
      readonly zone: string | null;
      readonly builtIns: readonly string[];
    }
  /** Some keys of the tasks of a stage; a task may have left since. */
  | { readonly k: 'stage-keys'; readonly run: string; readonly stage: string; readonly keys: readonly string[] }
  | ({ readonly k: 'run' } & StoredRun)
  /** Starts that count against the rate of a group, ms since 1970. */
  | { readonly k: 'rate'; readonly group: string; readonly starts: readonly number[] }
  /** Of the library, without members that have their defaults. */
  | ({ readonly k: 'playlist' } & Playlist)
  | ({ readonly k: 'track' } & Track)
  /** The walk ended here: up to this sequence a task may be missing, and every start counts in the rates. */
  | { readonly k: 'end'; readonly seq: number };

export function encodeEntity(entity: Entity): string {
  return JSON.stringify(entity).slice(1, -1);
}

/**
 * A task without its params text; the text, or a copy of its bytes, follows. What a handler left behind is text within
 * text: its quotes are escaped, so the marks by which a body is cut cannot stand in it.
 */
export function encodeTaskHead(task: Task): string {
  const { life } = task;
  return (
    `${TASK}${task.id}","state":"${task.state}","at":${task.at}` +
    (task.relative ? ',"relative":true' : '') +
    (task.promoted ? ',"promoted":true' : '') +
    (task.idempotencyKey === null ? '' : `,"key":${JSON.stringify(task.idempotencyKey)}`) +
    (task.label === null ? '' : `,"label":${JSON.stringify(task.label)}`) +
    (life === null ? '' : `,"life":${JSON.stringify(JSON.stringify(life))}`) +
    `,"options":${optionsText(task.options)},"params":`
  );
}

export function encodeStored({ key, value, expiresAt, setAt }: Stored): string {
  return `${STORED}${JSON.stringify(key)},"expiresAt":${expiresAt},"setAt":${setAt}${VALUE}${value}`;
}

export function encodePlaylist({ id, text }: PlaylistEntry): string {
  return `"k":"playlist","id":"${id}",${text}`;
}

export function encodeTrack({ ids, playlistOf, texts }: Library, number: number): string {
  const playlist = (playlistOf[number] as PlaylistEntry).id;
  return `${TRACK}${ids[number]}","playlist":"${playlist}",${texts.bytesOf(number).toString('utf8')}`;
}
