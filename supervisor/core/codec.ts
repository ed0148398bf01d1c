/**
 * Events and entities as text: the body of a journal line or of a snapshot line, JSON members without braces. Params are
 * always the last member, so that their place on disk is known without parsing them.
 */
import { type AttemptEnded, EVENT_NAMES, type Event, type TaskAccepted } from './event.ts';
import { optionsText } from './options.ts';
import type { KnownKey, Pause, State, Totals } from './state.ts';
import type { Task, TaskLife, TaskState } from './task.ts';

const PARAMS = Buffer.from(',"params":');
const OPTIONS = Buffer.from(',"options":');
const ACCEPTED = '"e":"task.accepted"';
const TASK = '"k":"task"';

export function encodeEvent(event: Event): string {
  switch (event.e) {
    case 'task.accepted':
      return (
        `${ACCEPTED},"id":"${event.id}"` +
        (event.key === null ? '' : `,"key":${JSON.stringify(event.key)}`) +
        (event.runAt === null ? '' : `,"runAt":${event.runAt}`) +
        (event.relative ? ',"relative":true' : '') +
        (event.retryOf === null ? '' : `,"retryOf":"${event.retryOf}"`) +
        `,"options":${optionsText(event.options)},"params":${event.params}`
      );
    case 'attempt.started':
      return (
        `"e":"attempt.started","id":"${event.id}","n":${event.n},"worker":"${event.worker}"` +
        `,"handler":${event.handler === null ? 'null' : `"${event.handler}"`},"solo":${event.solo}`
      );
    case 'attempt.ended':
      return encodeEnding(event);
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

export interface Decoded {
  readonly event: Event;
  /** Where the params stand within the bytes, for an accepted task; else null. */
  readonly params: { readonly start: number; readonly end: number } | null;
}

export class UnknownEntry extends Error {}

/** @throws UnknownEntry for an entry of a kind this version does not know */
export function decodeEvent(bytes: Buffer, start: number, end: number, state: State): Decoded {
  if (!startsWith(bytes, start, ACCEPTED)) {
    const event = JSON.parse(`{${bytes.toString('utf8', start, end)}}`) as Event;
    if (!Object.hasOwn(EVENT_NAMES, event.e))
      throw new UnknownEntry(`an entry of the unknown kind ${JSON.stringify(event.e)}`);
    return { event, params: null };
  }
  const { members, options, params } = split(bytes, start, end, state);
  const event: TaskAccepted = {
    e: 'task.accepted',
    id: members.id,
    key: members.key ?? null,
    runAt: members.runAt ?? null,
    relative: members.relative ?? false,
    retryOf: members.retryOf ?? null,
    options,
    params: members.key === undefined ? '' : bytes.toString('utf8', params.start, params.end),
  };
  return { event, params };
}

interface AcceptedMembers {
  readonly id: string;
  readonly key?: string;
  readonly runAt?: number;
  readonly relative?: boolean;
  readonly retryOf?: string;
}

/** Cuts a body in three at its two last members. Neither mark can stand inside a string: its quotes would be escaped. */
function split(bytes: Buffer, start: number, end: number, state: State) {
  const optionsAt = bytes.indexOf(OPTIONS, start);
  const paramsAt = bytes.indexOf(PARAMS, optionsAt);
  if (optionsAt < 0 || paramsAt < 0 || paramsAt > end) throw new UnknownEntry('a task without options or params');
  return {
    members: JSON.parse(`{${bytes.toString('utf8', start, optionsAt)}}`) as AcceptedMembers,
    options: state.options.fromText(bytes.toString('utf8', optionsAt + OPTIONS.length, paramsAt)),
    params: { start: paramsAt + PARAMS.length, end },
  };
}

function startsWith(bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
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
  /** Starts that count against the rate of a group, ms since 1970. */
  | { readonly k: 'rate'; readonly group: string; readonly starts: readonly number[] }
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
    `${TASK},"id":"${task.id}","state":"${task.state}","at":${task.at}` +
    (task.relative ? ',"relative":true' : '') +
    (task.promoted ? ',"promoted":true' : '') +
    (task.idempotencyKey === null ? '' : `,"key":${JSON.stringify(task.idempotencyKey)}`) +
    (life === null ? '' : `,"life":${JSON.stringify(JSON.stringify(life))}`) +
    `,"options":${optionsText(task.options)},"params":`
  );
}

/** A line of a snapshot: where its body stands in memory and on disk. */
export interface EntityBytes {
  readonly seq: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly file: number;
  readonly offset: number;
}

export function isTask({ bytes, start }: EntityBytes): boolean {
  return startsWith(bytes, start, TASK);
}

export function decodeEntity({ bytes, start, end }: EntityBytes): Entity {
  return JSON.parse(`{${bytes.toString('utf8', start, end)}}`) as Entity;
}

export function decodeTask(from: EntityBytes, state: State): Task {
  const { seq, bytes, start, end, file, offset } = from;
  const { members, options, params } = split(bytes, start, end, state);
  const held = members as AcceptedMembers & { state: TaskState; at: number; promoted?: boolean; life?: string };
  return {
    id: held.id,
    options,
    params: state.params.addPlace(file, offset + params.start - start, params.end - params.start),
    idempotencyKey: held.key ?? null,
    state: held.state,
    seq,
    at: held.at,
    relative: held.relative ?? false,
    promoted: held.promoted ?? false,
    life: held.life === undefined ? null : (JSON.parse(held.life) as TaskLife),
    line: null,
    previous: null,
    next: null,
  };
}
