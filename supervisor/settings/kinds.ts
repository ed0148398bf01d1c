/** The kinds of values a setting may have: each reads text and says what would be right when it is wrong. */
import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { LAYOUT_MEMBERS, layoutMistake } from '../../workers/catalog/layout-text.ts';
import { formatDuration, parseDuration } from '../core/duration.ts';
import { parseHostPattern } from '../core/host-pattern.ts';
import { type Limits, readCommands, readLimits } from './grammars.ts';

export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** What reading a value may need to know of the machine; injected, so that reading stays pure. */
export interface Machine {
  readonly cores: number;
  /** IANA name of the machine's own zone. */
  readonly timezone: string;
  /** Paths that are not absolute start here. */
  readonly dataDir: string;
  /** Number of a user by name, or null when there is no such user. */
  uidOf(name: string): number | null;
}

export interface Kind<T> {
  readonly name: string;
  /** Unit of the number behind it, or null when it has none. */
  readonly unit: string | null;
  /** What is allowed, as a phrase: `1s to 10m`. */
  readonly limits: string;
  read(text: string, machine: Machine): Reading<T>;
}

const PRINTABLE = /^[\x21-\x7e]+$/;

export function integer(least: number, most: number, unit: string | null): Kind<number> {
  return {
    name: 'whole number',
    unit,
    limits: `${least} to ${most}`,
    read: (text) =>
      /^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most
        ? { value: Number(text) }
        : { problem: `must be a whole number from ${least} to ${most}` },
  };
}

export function duration(leastMs: number, mostMs: number): Kind<number> {
  const limits = `${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
  return {
    name: 'duration',
    unit: 'ms, s, m, h or d, written after the number',
    limits,
    read(text) {
      const ms = parseDuration(text);
      if (ms === null) return { problem: `must be a duration such as 500ms, 10s, 5m, 2h or 7d, from ${limits}` };
      return ms >= leastMs && ms <= mostMs ? { value: ms } : { problem: `must be from ${limits}` };
    },
  };
}

/** Null is forever. */
export function durationOrForever(leastMs: number, mostMs: number): Kind<number | null> {
  const bounded = duration(leastMs, mostMs);
  return {
    ...bounded,
    limits: `${bounded.limits}, or forever`,
    read(text, machine) {
      if (text === 'forever') return { value: null };
      const reading = bounded.read(text, machine);
      return 'problem' in reading ? { problem: `${reading.problem}, or forever` } : reading;
    },
  };
}

export const flag: Kind<boolean> = {
  name: 'true or false',
  unit: null,
  limits: 'true or false',
  read: (text) =>
    text === 'true' || text === 'false' ? { value: text === 'true' } : { problem: 'must be true or false' },
};

export function choice<const Choice extends string>(...choices: readonly Choice[]): Kind<Choice> {
  const limits = choices.join(', ');
  return {
    name: 'choice',
    unit: null,
    limits,
    read(text) {
      const found = choices.find((one) => one === text);
      return found === undefined ? { problem: `must be one of ${limits}` } : { value: found };
    },
  };
}

/** Threads: `auto` is one a core, at least 2, at most 4. */
export const workers: Kind<number> = {
  name: 'whole number or auto',
  unit: 'threads',
  limits: 'auto (the cores, at least 2, at most 4), or 1 to 64',
  read(text, machine) {
    if (text === 'auto') return { value: Math.min(4, Math.max(2, machine.cores)) };
    const reading = integer(1, 64, 'threads').read(text, machine);
    return 'problem' in reading ? { problem: 'must be auto or a whole number from 1 to 64' } : reading;
  },
};

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62}))*\.?$/;

export function isHost(text: string): boolean {
  return isIP(text) !== 0 || (HOST_NAME.test(text) && !/^[\d.]+$/.test(text));
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export const host: Kind<string> = {
  name: 'address',
  unit: null,
  limits: 'an IP address or a host name, without a port',
  read(text) {
    const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
    return isHost(bare)
      ? { value: bare }
      : { problem: 'must be an IP address or a host name, e.g. 127.0.0.1, without a port' };
  },
};

const hostsMax = 100;

/** Host names, `*.name` for all below a name, each with a port or for every port. */
export const hosts: Kind<readonly string[]> = {
  name: 'list of host names',
  unit: null,
  limits: `NAME, NAME:PORT or *.NAME, up to ${hostsMax}, separated by commas`,
  read(text) {
    const names = list(text).map((name) => name.toLowerCase());
    const wrong = names.find((name) => !isHostPattern(name));
    if (wrong !== undefined)
      return {
        problem: `has "${wrong}"; expected NAME, NAME:PORT or *.NAME, separated by commas, no address of a page`,
      };
    return names.length > hostsMax ? { problem: `must hold at most ${hostsMax} host names` } : { value: names };
  },
};

function isHostPattern(text: string): boolean {
  const pattern = parseHostPattern(text);
  if (!pattern || !isHost(pattern.name) || (pattern.below && isIP(pattern.name) !== 0)) return false;
  return pattern.port === '' || (Number(pattern.port) > 0 && Number(pattern.port) <= 65_535);
}

/** Addresses, networks (`10.0.0.0/8`) and host names. */
export const networks: Kind<readonly string[]> = {
  name: 'list of hosts and networks',
  unit: null,
  limits: `up to ${hostsMax}, separated by commas`,
  read(text) {
    const names = list(text).map((name) => name.toLowerCase());
    const wrong = names.find((name) => !isNetwork(name) && !isHost(name.replace(/^\*\./, '')));
    if (wrong !== undefined)
      return { problem: `has "${wrong}"; expected host names, addresses or networks such as 192.168.0.0/16` };
    return names.length > hostsMax ? { problem: `must hold at most ${hostsMax} entries` } : { value: names };
  },
};

function isNetwork(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  const version = isIP(address ?? '');
  return (
    more.length === 0 &&
    version !== 0 &&
    bits !== undefined &&
    /^\d{1,3}$/.test(bits) &&
    Number(bits) <= (version === 4 ? 32 : 128)
  );
}

const secretCharsMax = 512;

/** Null is none. */
export const token: Kind<string | null> = {
  name: 'secret',
  unit: null,
  limits: `up to ${secretCharsMax} characters without spaces`,
  read: (text) =>
    text.length <= secretCharsMax && PRINTABLE.test(text)
      ? { value: text }
      : { problem: `must be at most ${secretCharsMax} ASCII characters without spaces` },
};

export const base: Kind<string> = {
  name: 'path of a URL',
  unit: null,
  limits: 'begins with / and does not end with one',
  read(text) {
    if (text === '/') return { value: '' };
    return /^(\/[A-Za-z0-9._~-]+)+$/.test(text) && !/\/\.\.?(\/|$)/.test(text)
      ? { value: text }
      : { problem: 'must be a path such as /nightshift: it begins with / and does not end with one' };
  },
};

export const folder: Kind<string> = {
  name: 'folder',
  unit: null,
  limits: 'absolute, or starting in the data folder',
  read: (text, machine) =>
    text.includes('\0') ? { problem: 'must be a path' } : { value: resolve(machine.dataDir, text) },
};

export const file: Kind<string> = { ...folder, name: 'file' };

const sourcesMax = 1_000;

/** Names of sources; `*` is all of them. */
export const sources: Kind<readonly string[]> = {
  name: 'list of names',
  unit: null,
  limits: `names of sources, up to ${sourcesMax}, separated by commas, or * for all`,
  read(text) {
    const names = list(text);
    return names.length > sourcesMax ? { problem: `must hold at most ${sourcesMax} names` } : { value: names };
  },
};

const pathsMax = 100;

/** Folders and files. */
export const paths: Kind<readonly string[]> = {
  name: 'list of paths',
  unit: null,
  limits: `absolute paths, up to ${pathsMax}, separated by commas`,
  read(text) {
    const found = list(text);
    const wrong = found.find((path) => !isAbsolute(path) || path.includes('\0'));
    if (wrong !== undefined) return { problem: `has "${wrong}"; expected absolute paths, separated by commas` };
    return found.length > pathsMax ? { problem: `must hold at most ${pathsMax} paths` } : { value: found };
  },
};

const TARGETS = ['https:', 'http:', 'webdav+https:', 'webdav+http:', 'file:'];

/** Null is none. */
export const target: Kind<string | null> = {
  name: 'address of a target',
  unit: null,
  limits: 'https://… or http://… (S3 API), webdav+https://…, webdav+http://…, file:///folder',
  read(text) {
    const url = URL.canParse(text) ? new URL(text) : null;
    if (!url || !TARGETS.includes(url.protocol) || (url.protocol === 'file:' && !text.startsWith('file:///')))
      return { problem: 'must begin with https://, http://, webdav+https://, webdav+http:// or file:///' };
    if (url.username !== '' || url.password !== '')
      return { problem: 'must hold no user and no password; OBJECT_ACCESS_KEY and OBJECT_SECRET_KEY hold them' };
    return url.search === '' && url.hash === ''
      ? { value: text }
      : { problem: 'must end with its path, without ? and #' };
  },
};

const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/;

/** Null is none. */
export const bucket: Kind<string | null> = {
  name: 'name',
  unit: null,
  limits: 'letters, digits, . _ and -',
  read: (text) => (BUCKET.test(text) ? { value: text } : { problem: 'must be made of letters, digits, . _ and -' }),
};

const prefixCharsMax = 200;

/** Folders, relative. */
export const prefix: Kind<string> = {
  name: 'folder',
  unit: null,
  limits: `folders with / between them, up to ${prefixCharsMax} characters`,
  read: (text) =>
    text.length <= prefixCharsMax && /^[\p{L}\p{N}_-][\p{L}\p{N} ._-]*(\/[\p{L}\p{N}_-][\p{L}\p{N} ._-]*)*$/u.test(text)
      ? { value: text }
      : { problem: 'must be folders such as night/music, without / at either end' },
};

/** Where files of the library go. */
export const layout: Kind<string> = {
  name: 'layout of the library',
  unit: null,
  limits: `folders and a name, made of text and ${LAYOUT_MEMBERS.map((member) => `{${member}}`).join(' ')}`,
  read(text) {
    const problem = layoutMistake(text);
    return problem === null ? { value: text } : { problem };
  },
};

/** Where a service of the web is; null is none. */
export const service: Kind<string | null> = {
  name: 'web address',
  unit: null,
  limits: 'begins with https:// or http://, without ? and #',
  read(text) {
    const url = URL.canParse(text) ? new URL(text) : null;
    const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
    return url && isWeb && url.search === '' && url.hash === '' && text.length <= contactCharsMax
      ? { value: text }
      : { problem: 'must be a web address such as https://example.org, without ? and #' };
  },
};

const contactCharsMax = 200;

/** Null is none. */
export const contact: Kind<string | null> = {
  name: 'mail address or web page',
  unit: null,
  limits: `up to ${contactCharsMax} characters without spaces, with an @ or a :`,
  read: (text) =>
    text.length <= contactCharsMax && /^[^\s()]+$/.test(text) && PRINTABLE.test(text) && /[@:]/.test(text)
      ? { value: text }
      : { problem: 'must be a mail address or the address of a web page' },
};

export const timezone: Kind<string> = {
  name: 'time zone',
  unit: null,
  limits: "an IANA name such as Europe/Berlin, or machine for the machine's own",
  read(text, machine) {
    if (text === 'machine') return { value: machine.timezone };
    try {
      // A bare offset such as +02:00 is no zone: it does not know when clocks change.
      if (/^[A-Za-z]/.test(text))
        return { value: new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone };
    } catch {
      // not a zone that Intl knows
    }
    return { problem: 'must be an IANA time zone such as Europe/Berlin, Asia/Shanghai or UTC, or machine' };
  },
};

/** Users by name or number. */
export const users: Kind<readonly number[]> = {
  name: 'list of users',
  unit: null,
  limits: `names or numbers, up to ${hostsMax}, separated by commas`,
  read(text, machine) {
    const uids: number[] = [];
    for (const name of list(text)) {
      const uid = /^\d{1,10}$/.test(name) ? Number(name) : machine.uidOf(name);
      if (uid === null) return { problem: `has "${name}"; this machine knows no such user: give a name or a number` };
      uids.push(uid);
    }
    return uids.length > hostsMax ? { problem: `must hold at most ${hostsMax} users` } : { value: uids };
  },
};

const typesMax = 100;
const TYPE = /^[\p{L}\p{N}][\p{L}\p{N}._:/@+-]{0,199}$/u;

export const types: Kind<readonly string[]> = {
  name: 'list of types',
  unit: null,
  limits: `names of types, up to ${typesMax}, separated by commas`,
  read(text) {
    const names = list(text);
    const wrong = names.find((name) => !TYPE.test(name));
    if (wrong !== undefined) return { problem: `has "${wrong}"; expected types of tasks, separated by commas` };
    return names.length > typesMax ? { problem: `must hold at most ${typesMax} types` } : { value: names };
  },
};

export const limits: Kind<Limits> = {
  name: 'list of limits',
  unit: 'attempts at once; a rate is attempts started / duration',
  limits: 'type:NAME=N, group:NAME=N, rate:NAME=N/DURATION, separated by commas',
  read: (text) => readLimits(text),
};

export const commands: Kind<ReadonlyMap<string, string>> = {
  name: 'list of programs',
  unit: null,
  limits: 'NAME=/absolute/path, separated by commas',
  read: (text) => readCommands(text),
};

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
