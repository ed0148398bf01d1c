/**
 * What the name of a file says of a track: `Title (Version) - Artist _ Artist`. Total: any text is a name, at worst one
 * that is a title and nothing else.
 */
import { restored } from './restored-text.ts';
import { type VersionKind, versionKinds } from './version-kinds.ts';

export interface TrackVersion {
  /** What stands in the brackets. */
  readonly text: string;
  /** Several (`Instrumental/TV Edit`), or none of those that are known. */
  readonly kinds: readonly VersionKind[];
}

export interface TrackName {
  /** Without versions; empty for a blank name only. */
  readonly title: string;
  readonly versions: readonly TrackVersion[];
  readonly artists: readonly string[];
  /** Place in an album, where the name begins with it: `07 - Title`, `07. Title`. */
  readonly number: number | null;
  /** A day, where the name begins with it: `2026-11-24 Title`. */
  readonly date: string | null;
}

/** From an opening bracket to its closing one, neither within another. */
interface Bracketed {
  readonly from: number;
  /** Behind the closing bracket. */
  readonly to: number;
  readonly text: string;
  readonly isRound: boolean;
}

/** No file has a longer one. */
const nameCharsMax = 4_096;

/** @param name of a file, without its extension */
export function parseTrackName(name: string): TrackName {
  const whole = name.normalize('NFC').replace(/\s+/gu, ' ').trim();
  if (whole.length > nameCharsMax) return { title: whole, versions: [], artists: [], number: null, date: null };
  const { number, date, rest } = withoutLead(whole);
  const dash = lastDash(rest);
  const { title, versions } = titleAndVersions(dash === null ? rest : rest.slice(0, dash.from));
  const artists = dash === null ? [] : artistsIn(rest.slice(dash.to));
  return { title, versions, artists, number, date };
}

/** With its versions: without them, a song and its accompaniment would have one title. */
export function titleOf({ title, versions }: TrackName): string {
  return [title, ...versions.map(({ text }) => `(${text})`)].join(' ');
}

// A number alone before the dash may be a title (`24 - Jem`); one that begins with 0 hardly is.
const LEAD =
  /^(?:(?<date>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])) (?:- )?|(?<number>0\d{1,2}) (?:- )?|(?<dotted>\d{1,3})[.)] )(?=\S)/;

function withoutLead(whole: string): Pick<TrackName, 'number' | 'date'> & { rest: string } {
  const found = LEAD.exec(whole);
  if (!found) return { number: null, date: null, rest: whole };
  const { date, number, dotted } = found.groups ?? {};
  const digits = number ?? dotted;
  const rest = whole.slice(found[0].length);
  return { number: digits === undefined ? null : Number(digits), date: date ?? null, rest };
}

function lastDash(text: string): Dash | null {
  return dashesIn(text).at(-1) ?? null;
}

export interface Dash {
  readonly from: number;
  readonly to: number;
}

/** Those with a space on both sides that stand in no brackets. */
export function dashesIn(text: string): Dash[] {
  const brackets = bracketsIn(text);
  return [...text.matchAll(/ [-\u2013\u2014](?= )/g)]
    .filter(({ index }) => !brackets.some(({ from, to }) => from < index && index < to))
    .map((dash) => ({ from: dash.index, to: dash.index + dash[0].length }));
}

function artistsIn(text: string): string[] {
  return text
    .split(/ _(?= |$)/)
    .map((artist) => restored(artist.trim()))
    .filter((artist) => artist !== '');
}

function titleAndVersions(text: string): Pick<TrackName, 'title' | 'versions'> {
  const taken: Bracketed[] = [];
  let end = text.trimEnd().length;
  for (const group of bracketsIn(text).reverse()) {
    const isLast = group.to === end;
    // In front, and between words, brackets are part of most titles: (I Can't Get No) Satisfaction.
    if (!isLast && (group.isRound || group.from > 0) && versionKinds(restored(group.text)).length === 0) continue;
    if (isLast) end = text.slice(0, group.from).trimEnd().length;
    taken.unshift(group);
  }
  const title = cutOut(text, taken);
  if (title === '') return { title: restored(text.trim()), versions: [] };
  const versions = taken.map((group) => restored(group.text.trim())).filter((version) => version !== '');
  return {
    title: restored(title),
    versions: versions.map((version) => ({ text: version, kinds: versionKinds(version) })),
  };
}

function cutOut(text: string, groups: readonly Bracketed[]): string {
  let kept = '';
  let at = 0;
  for (const { from, to } of groups) {
    kept += `${text.slice(at, from)} `;
    at = to;
  }
  return (kept + text.slice(at)).replace(/ +/g, ' ').trim();
}

const CLOSING: Readonly<Record<string, string>> = {
  '(': ')',
  '[': ']',
  '{': '}',
  '（': '）',
  '［': '］',
  '【': '】',
  '〔': '〕',
};
/** A name is written by somebody; one deeper than this is none, and costs no more than it must. */
const depthMax = 8;

/** Outermost pairs, in order; what has no partner is text. */
function bracketsIn(text: string): Bracketed[] {
  const found: Bracketed[] = [];
  const open: { readonly at: number; readonly closing: string }[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    const closing = CLOSING[character];
    if (closing !== undefined && open.length < depthMax) open.push({ at, closing });
    const partner = open.findLastIndex((one) => one.closing === character);
    if (partner === -1) continue;
    const { at: from } = open[partner] as { at: number };
    open.length = partner;
    while (found.length > 0 && (found.at(-1) as Bracketed).from > from) found.pop();
    found.push({ from, to: at + 1, text: text.slice(from + 1, at), isRound: '（('.includes(text[from] as string) });
  }
  return found;
}
