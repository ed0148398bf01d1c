/** Names in the inbox: what is left alone, how a taken file keeps its own name, and how two of the same get along. */
import { nameBytesMax } from './intake-limits.ts';

const LEFT = /^\.|\.(tmp|part)$/i;
const TAKEN = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})-(.+)$/s;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** Dot-files and files that somebody is still writing. */
export function isLeftAlone(name: string): boolean {
  return LEFT.test(name);
}

export function takenName(id: string, name: string): string {
  return `${id}-${shortened(name)}`;
}

export function parseTakenName(entry: string): { id: string; name: string } | null {
  const match = TAKEN.exec(entry);
  return match ? { id: match[1] as string, name: match[2] as string } : null;
}

function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > nameBytesMax;
}

/** Cut in the middle, so that beginning and ending stay: with id or ending added, a folder takes no longer name. */
export function shortened(name: string): string {
  if (!isTooLong(name)) return name;
  const { stem, ending } = parts(name);
  const characters = [...stem];
  while (characters.length > 1 && Buffer.byteLength(`${characters.join('')}~${ending}`) > nameBytesMax)
    characters.length -= 1;
  return `${characters.join('')}~${ending}`;
}

/** `feed.json`, `feed.2.json`, `feed.3.json`, … */
export function numbered(name: string, number: number): string {
  if (number === 1) return name;
  const { stem, ending } = parts(name);
  return `${stem}.${number}${ending}`;
}

function parts(name: string): { stem: string; ending: string } {
  const ending = /\.[^.]{1,16}$/.exec(name)?.[0] ?? '';
  return { stem: name.slice(0, name.length - ending.length), ending };
}

/** Folder of accepted files, by the day in UTC. */
export function dayOf(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10);
}

/** Start of the day a folder is named for, or null when it is none of ours. */
export function startOfDay(folder: string): number | null {
  if (!DAY.test(folder)) return null;
  const at = Date.parse(`${folder}T00:00:00Z`);
  return Number.isNaN(at) || dayOf(at) !== folder ? null : at;
}
