/**
 * Changes of the library as somebody wrote them down: checked as a whole, each mistake with its place. Only what a record
 * must have when it is new is left to `decide/library.ts`, which knows what there is.
 */
import {
  libraryRecordsMax,
  libraryTextCharsMax,
  type PlaylistChange,
  type TrackChange,
} from '../../../workers/library-contract.ts';
import { type Mistake, refusalOf } from '../refusal.ts';
import { checkJson, isEnough, isMembers, kindOf, type Members, shown } from '../task-input.ts';

type Check = (value: unknown, path: string, mistakes: Mistake[]) => void;
type Rows = Readonly<Record<string, Check>>;

const ID = /^[0-9a-f]{16}$/;
const DIGEST = /^[0-9a-f]{64}$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;
/** As lists and tags say it: a year, a month, a day. */
const DAY = /^\d{4}(-\d{2}(-\d{2})?)?$/;
const positionMax = 2 ** 31 - 1;
const groupsMax = 100;

const anyText: Check = (value, path, mistakes) => {
  if (typeof value !== 'string' || value.length > libraryTextCharsMax)
    mistakes.push({ path, message: `must be text of at most ${libraryTextCharsMax} characters, not ${shown(value)}` });
};
const text: Check = (value, path, mistakes) => {
  if (value === '') mistakes.push({ path, message: 'must not be empty' });
  else anyText(value, path, mistakes);
};
const id = like(ID, 'an id, 16 hexadecimal characters in small letters');
const digest = like(DIGEST, 'SHA-256 as 64 hexadecimal characters in small letters');
const moment = like(
  MOMENT,
  'a time in UTC, e.g. "2026-11-23T02:00:00.000Z"',
  (given) => !Number.isNaN(Date.parse(given)),
);
const date: Check = (value, path, mistakes) => {
  if (typeof value !== 'string' || !(DAY.test(value) || MOMENT.test(value)) || Number.isNaN(Date.parse(value)))
    mistakes.push({ path, message: `must be a day, e.g. "2026-11-24", or a time in UTC, not ${shown(value)}` });
};
const count = number('a whole number from 0', Number.isSafeInteger);
const FAILURE: Rows = { code: text, message: anyText, task: anyText, at: moment };

const PLAYLIST: Rows = {
  id,
  source: text,
  key: text,
  title: anyText,
  url: orNull(text),
  kind: orNull(text),
  groups,
  seen: orNull(record({ etag: orNull(anyText), lastModified: orNull(anyText), sha256: orNull(digest) })),
  syncedAt: orNull(moment),
  goneAt: orNull(moment),
  failure: orNull(record(FAILURE)),
  info,
};

const TRACK: Rows = {
  id,
  playlist: id,
  key: text,
  title: anyText,
  artist: orNull(anyText),
  album: orNull(anyText),
  date: orNull(date),
  url: orNull(text),
  bytes: orNull(count),
  mime: orNull(anyText),
  durationS: orNull(number('a number from 0', Number.isFinite)),
  position: number(
    `a whole number from 0 to ${positionMax}`,
    (value) => Number.isInteger(value) && value <= positionMax,
  ),
  version: anyText,
  goneAt: orNull(moment),
  file: orNull(record({ path: text, bytes: count, sha256: digest, version: anyText, at: moment })),
  upload: orNull(record({ target: text, name: text, bytes: count, sha256: digest, at: moment })),
  failure: orNull(record({ ...FAILURE, stage: text })),
  info,
};

export interface LibraryChanges {
  readonly playlists: readonly PlaylistChange[];
  readonly tracks: readonly TrackChange[];
}

/** @throws Refusal `validation` that names the mistakes of all records, up to a hundred */
export function readChanges(playlists: unknown, tracks: unknown): LibraryChanges {
  const mistakes: Mistake[] = [];
  const lists = { playlists: listOf(playlists, 'playlists', mistakes), tracks: listOf(tracks, 'tracks', mistakes) };
  checkAll(lists.playlists, PLAYLIST, 'playlists', mistakes);
  checkAll(lists.tracks, TRACK, 'tracks', mistakes);
  if (mistakes.length > 0) throw refusalOf(mistakes);
  return { playlists: lists.playlists.map(given<PlaylistChange>), tracks: lists.tracks.map(given<TrackChange>) };
}

/** Without members that are undefined: they are not given. */
function given<Change>(change: unknown): Change {
  return Object.fromEntries(Object.entries(change as Members).filter(([, value]) => value !== undefined)) as Change;
}

function listOf(value: unknown, name: string, mistakes: Mistake[]): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  mistakes.push({ path: `$.${name}`, message: `must be a list of changes, not ${shown(value)}` });
  return [];
}

function checkAll(changes: readonly unknown[], rows: Rows, name: string, mistakes: Mistake[]): void {
  if (changes.length > libraryRecordsMax) {
    const message = `holds ${changes.length} records; at most ${libraryRecordsMax} are put at once`;
    mistakes.push({ path: `$.${name}`, message });
    return;
  }
  const check = record(rows, ['id']);
  for (const [index, change] of changes.entries()) {
    if (isEnough(mistakes)) return;
    check(change, `$.${name}[${index}]`, mistakes);
  }
}

/** @param needed all of them, unless it says which */
function record(rows: Rows, needed: readonly string[] = Object.keys(rows)): Check {
  return (value, path, mistakes) => {
    if (!isMembers(value)) {
      mistakes.push({ path, message: `must be an object, not ${kindOf(value)}` });
      return;
    }
    for (const member of needed)
      if (value[member] === undefined) mistakes.push({ path: `${path}.${member}`, message: 'is missing' });
    for (const member in value) {
      const check = Object.hasOwn(rows, member) ? rows[member] : undefined;
      if (!check)
        mistakes.push({
          path: `${path}.${member}`,
          message: `is not known; known are ${Object.keys(rows).join(', ')}`,
        });
      else if (value[member] !== undefined) check(value[member], `${path}.${member}`, mistakes);
    }
  };
}

function groups(value: unknown, path: string, mistakes: Mistake[]): void {
  if (!Array.isArray(value) || value.length > groupsMax)
    mistakes.push({ path, message: `must be a list of at most ${groupsMax} names, not ${shown(value)}` });
  else for (const [index, name] of value.entries()) text(name, `${path}[${index}]`, mistakes);
}

function info(value: unknown, path: string, mistakes: Mistake[]): void {
  if (isMembers(value)) checkJson(value, path, mistakes);
  else mistakes.push({ path, message: `must be an object, not ${kindOf(value)}` });
}

function orNull(check: Check): Check {
  return (value, path, mistakes) => {
    if (value !== null) check(value, path, mistakes);
  };
}

function like(pattern: RegExp, what: string, isRight: (text: string) => boolean = () => true): Check {
  return (value, path, mistakes) => {
    if (typeof value !== 'string' || !pattern.test(value) || !isRight(value))
      mistakes.push({ path, message: `must be ${what}, not ${shown(value)}` });
  };
}

function number(what: string, isRight: (value: number) => boolean): Check {
  return (value, path, mistakes) => {
    if (typeof value !== 'number' || value < 0 || !isRight(value))
      mistakes.push({ path, message: `must be ${what}, not ${shown(value)}` });
  };
}
