/** The two settings with a grammar of their own: `LIMITS` and `COMMANDS`. */
import { isAbsolute } from 'node:path';
import { parseDuration } from '../core/duration.ts';
import type { Reading } from './kinds.ts';

/** At most `count` starts of a group's tasks in any stretch of `perMs`. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

export interface Limits {
  /** Attempts of a type that may run at once. */
  readonly types: ReadonlyMap<string, number>;
  /** Attempts of a group that may run at once. */
  readonly groups: ReadonlyMap<string, number>;
  readonly rates: ReadonlyMap<string, Rate>;
}

const LIMIT = /^(type|group|rate):([^=\s]+)=(.+)$/;
const RATE = /^(\d+)\/(.+)$/;
const limitMax = 100_000;
const rateMsMax = 31 * 86_400_000;
export const entriesMax = 1_000;

/** `type:http.download=4,group:example.org=2,rate:example.org=10/1m` */
export function readLimits(text: string): Reading<Limits> {
  const types = new Map<string, number>();
  const groups = new Map<string, number>();
  const rates = new Map<string, Rate>();
  const parts = split(text);
  if (parts.length > entriesMax) return { problem: `must hold at most ${entriesMax} limits` };
  for (const part of parts) {
    const match = LIMIT.exec(part);
    if (!match) return { problem: `has "${part}"; expected type:NAME=4, group:NAME=2 or rate:NAME=10/1m` };
    const [what, name, value] = match.slice(1) as [string, string, string];
    const table = what === 'type' ? types : what === 'group' ? groups : rates;
    if (table.has(name)) return { problem: `limits "${what}:${name}" twice` };
    if (what === 'rate') {
      const rate = readRate(value);
      if (!rate) return { problem: `has "${part}"; a rate is a number, a slash and a duration up to 31d, e.g. 10/1m` };
      rates.set(name, rate);
    } else {
      if (!wholeFrom1(value)) return { problem: `has "${part}"; expected a whole number from 1 to ${limitMax}` };
      (what === 'type' ? types : groups).set(name, Number(value));
    }
  }
  return { value: { types, groups, rates } };
}

function readRate(text: string): Rate | null {
  const match = RATE.exec(text);
  if (!match || !wholeFrom1(match[1] as string)) return null;
  const perMs = parseDuration(match[2] as string);
  return perMs !== null && perMs > 0 && perMs <= rateMsMax ? { count: Number(match[1]), perMs } : null;
}

function wholeFrom1(text: string): boolean {
  return /^\d{1,6}$/.test(text) && Number(text) >= 1 && Number(text) <= limitMax;
}

const COMMAND = /^([A-Za-z0-9][A-Za-z0-9._-]{0,99})=(.+)$/;

/** `ffmpeg=/usr/bin/ffmpeg,backup=/opt/backup.sh`: programs that `command.run` may run, by name. */
export function readCommands(text: string): Reading<ReadonlyMap<string, string>> {
  const commands = new Map<string, string>();
  const parts = split(text);
  if (parts.length > entriesMax) return { problem: `must hold at most ${entriesMax} programs` };
  for (const part of parts) {
    const match = COMMAND.exec(part);
    const [name, path] = match ? [match[1] as string, match[2] as string] : ['', ''];
    if (!match || !isAbsolute(path)) {
      return { problem: `has "${part}"; expected NAME=/absolute/path, several separated by commas` };
    }
    if (commands.has(name)) return { problem: `names "${name}" twice` };
    commands.set(name, path);
  }
  return { value: commands };
}

function split(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
