/** What somebody wrote into the sources file: checked as a whole, each mistake with its place. Values of headers are never repeated. */
import type { Source } from '../../../workers/library-contract.ts';
import type { Mistake } from '../refusal.ts';
import { type Checked, isEnough, isMembers, kindOf, type Members, shown } from '../task-input.ts';
import { folded } from './library.ts';

const sourcesMax = 10_000;
const nameCharsMax = 100;
const addressCharsMax = 8_192;
const groupsMax = 100;
const headersMax = 50;
const MEMBERS = ['name', 'kind', 'url', 'path', 'groups', 'enabled', 'headers', 'limit'];
const KINDS = ['opml', 'feed', 'm3u', 'm3u8', 'pls', 'xspf', 'index', 'folder'];
/** What `library.scan` and `library.discover` call their playlists' source. */
const TAKEN = ['disk', 'discover'];
const KIND = /^[a-z0-9][a-z0-9._-]{0,63}$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const NOT_IN_NAMES = /[\u0000-\u001f\u007f,*]/;
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HEADER_VALUE = /^[\t\x20-\x7e]{0,4096}$/;

export interface WrittenSource extends Source {
  readonly enabled: boolean;
}

/** @param absolute makes a path that is not absolute one */
export function checkSources(value: unknown, absolute: (path: string) => string): Checked<readonly WrittenSource[]> {
  const mistakes: Mistake[] = [];
  const wrong = (path: string, message: string) => mistakes.push({ path, message });
  if (!Array.isArray(value) || value.length > sourcesMax) {
    wrong('$', `must be a list of at most ${sourcesMax} sources, not ${shown(value)}`);
    return { ok: false, mistakes };
  }
  const seen = new Map<string, number>();
  for (const [index, one] of value.entries()) {
    if (isEnough(mistakes)) break;
    const path = `$[${index}]`;
    if (!isMembers(one)) {
      wrong(path, `must be a source, { name, kind, url or path }, not ${kindOf(one)}`);
      continue;
    }
    checkSource(one, path, wrong);
    const name = folded(String(one['name']));
    const before = seen.get(name);
    if (before !== undefined) wrong(`${path}.name`, `is the name of source ${before + 1} too: each has its own`);
    else seen.set(name, index);
  }
  if (mistakes.length > 0) return { ok: false, mistakes };
  return { ok: true, value: value.map((one) => sourceOf(one as Members, absolute)) };
}

function checkSource(given: Members, path: string, wrong: (path: string, message: string) => void): void {
  const { name, kind, url, path: place, groups, enabled, headers, limit } = given;
  for (const member in given)
    if (!MEMBERS.includes(member))
      wrong(`${path}.${member}`, `is not a member of a source; known are ${MEMBERS.join(', ')}`);
  if (!isName(name))
    wrong(
      `${path}.name`,
      `must be text of 1 to ${nameCharsMax} characters without commas and stars, not ${shown(name)}`,
    );
  else if (TAKEN.includes(folded(String(name))))
    wrong(`${path}.name`, `must not be ${shown(name)}, which is what library.scan or library.discover finds`);
  if (typeof kind !== 'string' || !KIND.test(kind))
    wrong(`${path}.kind`, `must be one of ${KINDS.join(', ')}, or of a handler source.KIND, not ${shown(kind)}`);
  const own = !KINDS.includes(kind as string);
  if (url !== undefined && url !== null) checkUrl(url, `${path}.url`, wrong);
  if (place !== undefined && place !== null && (typeof place !== 'string' || place === '' || place.includes('\0')))
    wrong(`${path}.path`, `must be a path, not ${shown(place)}`);
  const [hasUrl, hasPath] = [url !== undefined && url !== null, place !== undefined && place !== null];
  if (hasUrl && hasPath) wrong(`${path}.path`, 'cannot stand beside "url": give one of them');
  else if (!hasUrl && !hasPath && !own) wrong(path, 'needs "url" or "path"');
  else if (kind === 'folder' && hasUrl) wrong(`${path}.url`, 'is not for a folder, which has a "path"');
  else if (kind === 'index' && hasPath) wrong(`${path}.path`, 'is not for an index, which has a "url"');
  if (groups !== undefined && !(Array.isArray(groups) && groups.length <= groupsMax && groups.every(isName)))
    wrong(`${path}.groups`, `must be a list of at most ${groupsMax} names, not ${shown(groups)}`);
  if (enabled !== undefined && typeof enabled !== 'boolean')
    wrong(`${path}.enabled`, `must be true or false, not ${shown(enabled)}`);
  if (limit !== undefined && limit !== null && !(Number.isSafeInteger(limit) && (limit as number) > 0))
    wrong(`${path}.limit`, `must be a whole number from 1, not ${shown(limit)}`);
  if (headers !== undefined) checkHeaders(headers, `${path}.headers`, wrong);
}

function checkUrl(url: unknown, path: string, wrong: (path: string, message: string) => void): void {
  const read = typeof url === 'string' && url.length <= addressCharsMax ? parsed(url) : null;
  if (!read || (read.protocol !== 'http:' && read.protocol !== 'https:'))
    wrong(path, 'must be an address that begins with http:// or https://');
  else if (read.username !== '' || read.password !== '')
    wrong(path, 'must not hold a password, which would be shown: give it in "headers", as Authorization');
}

function parsed(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}

function checkHeaders(headers: unknown, path: string, wrong: (path: string, message: string) => void): void {
  if (!isMembers(headers) || Object.keys(headers).length > headersMax) {
    wrong(path, `must be at most ${headersMax} headers by name`);
    return;
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER.test(name)) wrong(path, `holds ${shown(name)}, which is no name of a header`);
    else if (typeof value !== 'string' || !HEADER_VALUE.test(value))
      wrong(`${path}.${name}`, 'must be text of one line, in plain characters');
  }
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && name.trim() !== '' && name.length <= nameCharsMax && !NOT_IN_NAMES.test(name);
}

function sourceOf(given: Members, absolute: (path: string) => string): WrittenSource {
  const { name, kind, url, path, groups, enabled, headers, limit } = given as Partial<WrittenSource>;
  return {
    name: name as string,
    kind: kind as string,
    url: url ?? null,
    path: path ? absolute(path) : null,
    groups: groups ?? [],
    headers: headers ?? {},
    limit: limit ?? null,
    enabled: enabled ?? true,
  };
}
