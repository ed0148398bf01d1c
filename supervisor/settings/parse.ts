/**
 * From texts to settings: defaults, then the env file, then `NIGHTSHIFT_*` of the environment, then flags. Checked as a
 * whole; every problem says where it stands and what would be right.
 */
import { nearest } from '../core/nearest.ts';
import { readEnvFile } from './env-file.ts';
import { flagOf, readFlag } from './flags.ts';
import { isLoopback, type Machine } from './kinds.ts';
import { isLater, LATER_KEYS } from './later.ts';
import { isSecret, isSetting, KEYS, MEMBERS, type Member, rowOf, type Settings, TABLE } from './settings.ts';
import { looksLikeTime, TIME_KEYS, taskOfTime, timeProblem } from './task-times.ts';

export type Source = 'default' | 'file' | 'environment' | 'flag';

export interface Problem {
  readonly key: string | null;
  readonly source: Source;
  /** Line of the env file, from 1. */
  readonly line: number | null;
  readonly message: string;
}

export interface Given {
  /** Bytes of the env file; null when there is none. */
  readonly file: Uint8Array | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By key: `{ WEB_PORT: '0' }`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly machine: Machine;
}

export interface Parsed {
  readonly settings: Settings;
  /** Texts of all settings in force, by key, those of handlers (`HANDLER_*`) included. Holds secrets. */
  readonly texts: ReadonlyMap<string, string>;
  readonly sources: ReadonlyMap<string, Source>;
  /** Keys of the file and variables of the environment that look like settings and are none. */
  readonly strangers: readonly Problem[];
  /** Keys that are given and have no effect in this version. */
  readonly later: readonly string[];
}

export type ParsedSettings =
  | { readonly ok: true; readonly value: Parsed }
  | { readonly ok: false; readonly problems: readonly Problem[] };

interface Text {
  readonly key: string;
  readonly text: string;
  readonly source: Source;
  readonly line: number | null;
}

export const variablePrefix = 'NIGHTSHIFT_';
/** Variables with the prefix that are no settings: the data folder, and what an attempt's program is given. */
const OTHER_VARIABLES = ['DATA', 'ENV', 'TASK_ID', 'ATTEMPT', 'RESULT', 'CHECKPOINT', 'TEST_ALL'];

export function parseSettings(given: Given): ParsedSettings {
  const problems: Problem[] = [];
  const texts = new Map<string, Text>();
  const inFile = fileTexts(given, problems);
  const inEnvironment = variables(given.environment);
  for (const text of [...inFile.known, ...inEnvironment.known, ...flagTexts(given, problems)])
    texts.set(text.key, text);
  const values = readAll(texts, given.machine, problems);
  const flags = readFlags(texts, problems);
  const taskTimes = readTaskTimes(texts, problems);
  if (problems.length > 0) return { ok: false, problems: problems.sort(byPlace) };
  const settings = { ...values, flags, taskTimes } as unknown as Settings;
  const strangers = [...inFile.strangers, ...inEnvironment.strangers];
  checkTogether(settings, texts, problems);
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: { settings, strangers, later: [...texts.keys()].filter(isLater), ...inForce(texts) } };
}

function byPlace(left: Problem, right: Problem): number {
  return (left.line ?? 0) - (right.line ?? 0);
}

/** An empty value counts as not given: compose files and unit files pass variables on that nobody has set. */
function fileTexts(given: Given, problems: Problem[]): Texts {
  const [known, strangers]: [Text[], Problem[]] = [[], []];
  if (given.file === null) return { known, strangers };
  const file = readEnvFile(given.file);
  problems.push(...file.problems.map((problem) => ({ ...problem, source: 'file' as const })));
  for (const { key, value, line } of file.entries) {
    if (!isSetting(key)) strangers.push({ key, source: 'file', line, message: unknown(key) });
    else if (value !== '') known.push({ key, text: value, source: 'file', line });
  }
  return { known, strangers };
}

/** A key that is none is pointed out and not refused: a file written for a later version must start this one. */
interface Texts {
  readonly known: Text[];
  readonly strangers: Problem[];
}

function variables(environment: Given['environment']): Texts {
  const known: Text[] = [];
  const strangers: Problem[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(variablePrefix) || text === undefined || text === '') continue;
    const key = variable.slice(variablePrefix.length);
    if (isSetting(key)) known.push({ key, text, source: 'environment', line: null });
    else if (!OTHER_VARIABLES.includes(key))
      strangers.push({ key, source: 'environment', line: null, message: unknown(key) });
  }
  return { known, strangers };
}

function flagTexts(given: Given, problems: Problem[]): Text[] {
  const texts: Text[] = [];
  for (const [key, text] of Object.entries(given.flags)) {
    if (text === undefined) continue;
    if (!isSetting(key)) problems.push({ key, source: 'flag', line: null, message: unknown(key) });
    else texts.push({ key, text, source: 'flag', line: null });
  }
  return texts;
}

/** Says of a key that is no setting what may have been meant. */
export function unknown(key: string): string {
  const bare = key.toUpperCase().replace(/^NIGHTSHIFT_/, '');
  const near = isSetting(bare) ? bare : nearest(bare, [...KEYS, ...LATER_KEYS, ...TIME_KEYS]);
  const hint = near
    ? `did you mean ${near}?`
    : looksLikeTime(bare)
      ? `built-in schedules are moved by ${TIME_KEYS.join(', ')}`
      : 'see nightshift.env.example for all there are; keys of your own begin with HANDLER_';
  return `is not a setting: ${hint}`;
}

/** Reads each member by its row, so the result has the members of `Settings` once there are no problems. */
function readAll(
  texts: ReadonlyMap<string, Text>,
  machine: Machine,
  problems: Problem[],
): Partial<Record<Member, unknown>> {
  const values: Partial<Record<Member, unknown>> = {};
  for (const member of MEMBERS) {
    const row = TABLE[member];
    const given = texts.get(row.key);
    if (given === undefined && row.default === '') {
      values[member] = row.unset;
      continue;
    }
    const reading = row.kind.read(given?.text ?? row.default, machine);
    if ('value' in reading) values[member] = reading.value;
    else problems.push(problem(given, row.key, withText(reading.problem, row.key, given?.text)));
  }
  return values;
}

function readFlags(texts: ReadonlyMap<string, Text>, problems: Problem[]): Map<string, boolean> {
  const flags = new Map<string, boolean>();
  for (const given of texts.values()) {
    const name = flagOf(given.key);
    const on = readFlag(given.text);
    if (name !== null && on !== null) flags.set(name, on);
    else if (name !== null)
      problems.push(problem(given, given.key, withText('must be true or false', given.key, given.text)));
  }
  return flags;
}

function readTaskTimes(texts: ReadonlyMap<string, Text>, problems: Problem[]): Map<string, string> {
  const times = new Map<string, string>();
  for (const given of texts.values()) {
    const name = taskOfTime(given.key);
    const wrong = name === null ? null : timeProblem(given.text);
    if (wrong !== null) problems.push(problem(given, given.key, withText(wrong, given.key, given.text)));
    else if (name !== null) times.set(name, given.text);
  }
  return times;
}

const shownCharsMax = 60;

/** A problem that says what must be is given what is; others name the part that is wrong themselves. */
function withText(problem: string, key: string, text: string | undefined): string {
  if (text === undefined || isSecret(key) || !problem.startsWith('must be ')) return problem;
  return `${problem}, not ${JSON.stringify(text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text)}`;
}

function problem(given: Text | undefined, key: string, message: string): Problem {
  return { key, source: given?.source ?? 'default', line: given?.line ?? null, message };
}

function checkTogether(settings: Settings, texts: ReadonlyMap<string, Text>, problems: Problem[]): void {
  if (!isLoopback(settings.webHost) && settings.webToken === null) {
    const message = `is ${settings.webHost}, which others can reach: set WEB_TOKEN as well, or use 127.0.0.1`;
    problems.push(problem(texts.get('WEB_HOST'), 'WEB_HOST', message));
  }
  if (settings.webReadToken !== null && settings.webReadToken === settings.webToken) {
    problems.push(
      problem(
        texts.get('WEB_READ_TOKEN'),
        'WEB_READ_TOKEN',
        'must differ from WEB_TOKEN: whoever has it could change everything',
      ),
    );
  }
}

function inForce(given: ReadonlyMap<string, Text>): Pick<Parsed, 'texts' | 'sources'> {
  const texts = new Map<string, string>();
  const sources = new Map<string, Source>();
  for (const member of MEMBERS) {
    texts.set(TABLE[member].key, TABLE[member].default);
    sources.set(TABLE[member].key, 'default');
  }
  for (const { key, text, source } of given.values()) {
    texts.set(key, text);
    sources.set(key, source);
  }
  return { texts, sources };
}

/** `nightshift.env line 7: WEB_PORT must be …` */
export function describeProblem(problem: Problem, file: string): string {
  const { key, source, line, message } = problem;
  if (source === 'file')
    return [line === null ? file : `${file} line ${line}`, key === null ? message : `${key} ${message}`].join(': ');
  if (source === 'environment') return `environment: ${variablePrefix}${key} ${message}`;
  if (source === 'flag') return `command line: ${rowOf(key ?? '')?.flag ?? key} ${message}`;
  return `${key} ${message}`;
}
