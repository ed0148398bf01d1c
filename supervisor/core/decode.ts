/**
 * Events and entities read back from bytes. A start reads a million of them, so the two common lines, a task accepted and
 * a task queued, are read in place; whatever says more goes through `JSON.parse`.
 */
import type { Track } from '../../workers/library-contract.ts';
import { ACCEPTED, type Entity, STORE_SET, STORED, TASK, TRACK, trackHeadChars, VALUE } from './codec.ts';
import { type AcceptedOccurrence, EVENT_NAMES, type Event, type StoreSet, type TaskAccepted } from './event.ts';
import type { State } from './state.ts';
import type { Stored } from './store/store.ts';
import type { FinishedState, Task, TaskLife, TaskState } from './task.ts';

const OPTIONS = ',"options":';
const VALUE_BYTES = Buffer.from(VALUE);
const PARAMS = Buffer.from(',"params":');
const OPTIONS_BYTES = Buffer.from(OPTIONS);
const QUEUED_AT = '","state":"queued","at":';
const idChars = 36;
const QUOTE = 34;
const ZERO = 48;
const NINE = 57;

export interface Decoded {
  readonly event: Event;
  /** Where the params stand within the bytes, for an accepted task; else null. */
  readonly params: { readonly start: number; readonly end: number } | null;
}

export class UnknownEntry extends Error {}

/** @throws UnknownEntry for an entry of a kind this version does not know */
export function decodeEvent(bytes: Buffer, start: number, end: number, state: State): Decoded {
  if (!startsWith(bytes, start, ACCEPTED)) {
    if (startsWith(bytes, start, STORE_SET)) return { event: valueBehind<StoreSet>(bytes, start, end), params: null };
    const event = JSON.parse(`{${bytes.toString('utf8', start, end)}}`) as Event;
    if (!Object.hasOwn(EVENT_NAMES, event.e))
      throw new UnknownEntry(`an entry of the unknown kind ${JSON.stringify(event.e)}`);
    return { event, params: null };
  }
  const idAt = start + ACCEPTED.length;
  const id = idIn(bytes, idAt);
  const optionsAt = findOptions(bytes, idAt + idChars + 1, end);
  const members = membersIn<AcceptedMembers>(bytes, idAt + idChars + 1, optionsAt);
  const { options, end: optionsEnd } = state.options.read(bytes, optionsAt + OPTIONS.length, end);
  const params = { start: optionsEnd + PARAMS.length, end };
  const event: TaskAccepted = {
    e: 'task.accepted',
    id,
    key: members.key ?? null,
    runAt: members.runAt ?? null,
    relative: members.relative ?? false,
    retryOf: members.retryOf ?? null,
    ...(members.occurrence && { occurrence: members.occurrence }),
    ...(members.label !== undefined && { label: members.label }),
    ...(members.replaces && { replaces: members.replaces }),
    options,
    params: members.key === undefined ? '' : bytes.toString('utf8', params.start, params.end),
  };
  return { event, params };
}

interface AcceptedMembers {
  readonly key?: string;
  readonly runAt?: number;
  readonly relative?: boolean;
  readonly retryOf?: string;
  readonly occurrence?: AcceptedOccurrence;
  readonly label?: string;
  readonly replaces?: FinishedState;
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

interface TaskMembers {
  readonly state: TaskState;
  readonly at: number;
  readonly relative?: boolean;
  readonly promoted?: boolean;
  readonly key?: string;
  readonly label?: string;
  /** JSON text within the JSON text. */
  readonly life?: string;
}

export function decodeTask(from: EntityBytes, state: State): Task {
  const { seq, bytes, start, end, file, offset } = from;
  const idAt = start + TASK.length;
  const id = idIn(bytes, idAt);
  const optionsAt = findOptions(bytes, idAt + idChars + 1, end);
  const queuedAt = queuedSince(bytes, idAt + idChars, optionsAt);
  const held: TaskMembers =
    queuedAt === null ? membersIn(bytes, idAt + idChars + 1, optionsAt) : { state: 'queued', at: queuedAt };
  const { options, end: optionsEnd } = state.options.read(bytes, optionsAt + OPTIONS.length, end);
  const paramsAt = optionsEnd + PARAMS.length;
  return {
    id,
    options,
    params: state.params.addPlace(file, offset + paramsAt - start, end - paramsAt),
    idempotencyKey: held.key ?? null,
    state: held.state,
    seq,
    at: held.at,
    relative: held.relative ?? false,
    promoted: held.promoted ?? false,
    label: held.label ?? null,
    life: held.life === undefined ? null : (JSON.parse(held.life) as TaskLife),
    line: null,
    previous: null,
    next: null,
  };
}

export function isStored({ bytes, start }: EntityBytes): boolean {
  return startsWith(bytes, start, STORED);
}

export function decodeStored({ seq, bytes, start, end }: EntityBytes): Stored {
  const { key, value, expiresAt, setAt } = valueBehind<Stored>(bytes, start, end);
  return { key, value, version: seq, expiresAt, setAt };
}

export function isTrack({ bytes, start }: EntityBytes): boolean {
  return startsWith(bytes, start, TRACK);
}

/** A track of the library, and the part of its line that is kept as it is; of these bytes a copy is to be made. */
export function decodeTrack(from: EntityBytes): { readonly track: Track; readonly text: Buffer } {
  const { k: _, ...track } = decodeEntity(from) as Entity & { k: 'track' };
  return { track, text: from.bytes.subarray(from.start + trackHeadChars, from.end) };
}

/** Members, and behind them a value that stays text. */
function valueBehind<T extends object>(bytes: Buffer, start: number, end: number): T {
  const at = bytes.indexOf(VALUE_BYTES, start);
  if (at < 0 || at > end) throw new UnknownEntry('a key of the store without a value');
  const members = JSON.parse(`{${bytes.toString('utf8', start, at)}}`) as object;
  return { ...members, value: bytes.toString('utf8', at + VALUE_BYTES.length, end) } as T;
}

/** Since when a task has been queued, when its members say that and no more; else null. */
function queuedSince(bytes: Buffer, start: number, end: number): number | null {
  if (!startsWith(bytes, start, QUEUED_AT)) return null;
  let at = 0;
  for (let index = start + QUEUED_AT.length; index < end; index++) {
    const digit = bytes[index] as number;
    if (digit < ZERO || digit > NINE) return null;
    at = at * 10 + digit - ZERO;
  }
  return at;
}

function idIn(bytes: Buffer, at: number): string {
  if (bytes[at + idChars] !== QUOTE) throw new UnknownEntry('a task without an id of 36 characters');
  return bytes.toString('latin1', at, at + idChars);
}

/** Mostly they stand right here. The mark cannot stand inside a string: its quotes would be escaped. */
function findOptions(bytes: Buffer, from: number, end: number): number {
  if (startsWith(bytes, from, OPTIONS)) return from;
  const at = bytes.indexOf(OPTIONS_BYTES, from);
  if (at < 0 || at > end) throw new UnknownEntry('a task without options');
  return at;
}

/** Members in `bytes[start, end)`, each with a comma before it. */
function membersIn<T extends object>(bytes: Buffer, start: number, end: number): T {
  return start >= end ? ({} as T) : (JSON.parse(`{${bytes.toString('utf8', start + 1, end)}}`) as T);
}

function startsWith(bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}
