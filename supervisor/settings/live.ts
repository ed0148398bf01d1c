/**
 * The settings in force while the supervisor runs: taken anew whenever the env file is another one, whoever changed it.
 * A mistake leaves the last good ones in force. Changes over HTTP go through the file as well, so that the file is always
 * the whole truth; keys that grant execution, paths or reach are changed in the file by its owner only.
 */
import { realpath } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import { Refusal } from '../core/refusal.ts';
import { replaceFile } from './durable-file.ts';
import { type Changes, editEnv } from './edit.ts';
import type { LoadedSettings } from './load.ts';
import { describeProblem, type Parsed, type ParsedSettings, type Problem, unknown } from './parse.ts';
import { readEnv } from './read-env.ts';
import { remarksOn, type SettingsHealth } from './remarks.ts';
import { type Change, changedKeys, hashOf, type Revision } from './revisions.ts';
import { isFileOnly, isSetting, needsRestart, type Settings } from './settings.ts';
import { EnvWatch } from './watch-env.ts';

/** What came into force. */
export interface Adopted {
  readonly settings: Settings;
  readonly texts: ReadonlyMap<string, string>;
  readonly revision: Revision;
  /** Keys whose texts differ from before. */
  readonly keys: readonly string[];
  /** Feature flags that were switched. */
  readonly switched: readonly { readonly flag: string; readonly on: boolean }[];
}

export interface LiveOptions {
  readonly loaded: LoadedSettings;
  readonly clock: Clock;
  readonly health: { raise(item: SettingsHealth): void; clear(code: string): void };
  readonly log: { info(text: string): void };
  /** Revisions that tasks were created with. */
  readonly inUse: () => ReadonlySet<string>;
  readonly adopted: (adopted: Adopted) => void;
}

const byFile: Change = { by: 'file', from: null, note: null };

export class LiveSettings {
  readonly #in: LiveOptions;
  readonly #watch: EnvWatch;
  readonly #startedWith: ReadonlyMap<string, string>;
  #parsed: Parsed;
  #revision: Revision | null;
  /** Hash of the file as it was looked at last, good or not. */
  #seen: string | null = null;
  /** The same, once all that follows from it is done. */
  #told: string | null = null;
  /** Codes of what is said of the settings in force. */
  #remarked: readonly string[];
  #problems: readonly Problem[] = [];
  /** One look or change at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LiveOptions) {
    const { loaded, clock } = options;
    this.#in = options;
    this.#parsed = loaded;
    this.#startedWith = loaded.texts;
    this.#revision = loaded.revision;
    this.#problems = loaded.problems;
    this.#remarked = remarksOn(loaded, loaded.envFile).map(({ code }) => code);
    this.#seen = this.#told = loaded.read && hashOf(Buffer.from(loaded.read).toString('utf8'));
    this.#watch = new EnvWatch(loaded.envFile, clock, () => this.look());
  }

  get settings(): Settings {
    return this.#parsed.settings;
  }

  get texts(): ReadonlyMap<string, string> {
    return this.#parsed.texts;
  }

  get sources(): Parsed['sources'] {
    return this.#parsed.sources;
  }

  get revision(): Revision | null {
    return this.#revision;
  }

  /** What is wrong in the file, and why it is not taken; empty when it is. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** sha256 of the file as it was looked at last, good or not. */
  get fileHash(): string | null {
    return this.#told;
  }

  get envFile(): string {
    return this.#in.loaded.envFile;
  }

  /** Newest first. */
  get revisions(): readonly Revision[] {
    const { revisions, name } = this.#in.loaded;
    return revisions.all.filter(({ file }) => file === name).reverse();
  }

  /** Keys whose change waits for the next start. */
  get pending(): readonly string[] {
    const keys = new Set([...this.#startedWith.keys(), ...this.texts.keys()]);
    return [...keys].filter((key) => needsRestart(key) && this.#startedWith.get(key) !== this.texts.get(key)).sort();
  }

  begin(): void {
    this.#watch.begin();
  }

  async end(): Promise<void> {
    await this.#watch.end();
    await this.#turn;
  }

  /** Takes the file as it is now. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      const read = await readEnv(this.envFile);
      if ('problem' in read) this.#unreadable(read.problem);
      else if (read.bytes === null) this.#gone();
      else await this.#take(read.bytes, byFile);
    });
  }

  /**
   * Changes keys in the file and adopts the result.
   * @param since revision that whoever changes has seen; null when they do not say
   * @throws Refusal `forbidden` for keys that change in the file only, `validation` naming each mistake,
   * `precondition_failed` when another revision is in force
   */
  change(changes: Changes, change: Change, since: string | null = null): Promise<Revision> {
    return this.#inTurn(async () => {
      this.#refuseOther(since);
      refuseUnknown(Object.keys(changes));
      refuseFileOnly(Object.keys(changes), this.envFile);
      const text = await this.#fileText();
      return this.#write(edited(text, changes), change);
    });
  }

  /**
   * Brings the content of an older revision back, as a new one.
   * @throws Refusal as `change` does; keys that change in the file only must be the same in both
   */
  apply(id: string, change: Change, since: string | null = null): Promise<Revision> {
    return this.#inTurn(async () => {
      this.#refuseOther(since);
      const wanted = this.#in.loaded.revisions.get(id);
      if (!wanted) throw new Refusal('not_found', `there is no revision ${id}`);
      refuseFileOnly(changedKeys(await this.#fileText(), wanted.content), this.envFile);
      return this.#write(wanted.content, change);
    });
  }

  /** Texts as a revision has them, under what environment and command line say now; null when it is no longer kept. */
  textsOf(id: string): ReadonlyMap<string, string> | null {
    if (id === this.#revision?.id) return this.texts;
    const revision = this.#in.loaded.revisions.get(id);
    const parsed = revision && this.#parse(Buffer.from(revision.content));
    return parsed?.ok ? parsed.value.texts : null;
  }

  #refuseOther(since: string | null): void {
    const now = this.#revision?.id ?? null;
    if (since !== null && since !== now)
      throw new Refusal(
        'precondition_failed',
        `the settings have been changed meanwhile: ${now} is in force, not ${since}`,
      );
  }

  async #fileText(): Promise<string> {
    const read = await readEnv(this.envFile);
    if ('problem' in read) throw new Refusal('conflict', `${this.envFile} ${read.problem}: correct that first`);
    return Buffer.from(read.bytes ?? '').toString('utf8');
  }

  async #write(text: string, change: Change): Promise<Revision> {
    const parsed = this.#parse(Buffer.from(text));
    if (!parsed.ok) throw wrongChange(parsed.problems, this.envFile);
    // A link stays one: what it leads to is replaced.
    const path = await realpath(this.envFile).catch(() => this.envFile);
    await replaceFile(path, text);
    await this.#adopt(parsed.value, text, change);
    return this.#revision as Revision;
  }

  async #take(bytes: Uint8Array, change: Change): Promise<void> {
    const text = Buffer.from(bytes).toString('utf8');
    const hash = hashOf(text);
    if (hash === this.#seen) return;
    this.#seen = hash;
    const parsed = this.#parse(bytes);
    if (parsed.ok) await this.#adopt(parsed.value, text, change);
    else this.#wrong(parsed.problems);
    this.#told = hash;
  }

  async #adopt(parsed: Parsed, text: string, change: Change): Promise<void> {
    const { loaded, health, log, inUse, adopted } = this.#in;
    const revision = await loaded.revisions.keep(loaded.name, text, change, inUse);
    const before = this.#parsed;
    this.#parsed = parsed;
    this.#problems = [];
    this.#revision = revision;
    this.#seen = this.#told = hashOf(text);
    health.clear('settings_wrong');
    health.clear('settings_gone');
    const keys = differing(before.texts, parsed.texts);
    this.#remark();
    this.#sayPending();
    if (keys.length === 0) return;
    log.info(`settings ${revision.id} in force, changed by ${change.by}: ${keys.join(', ')}`);
    const switched = switchedFlags(before.settings.flags, parsed.settings.flags);
    adopted({ settings: parsed.settings, texts: parsed.texts, revision, keys, switched });
  }

  #remark(): void {
    const { health } = this.#in;
    const remarks = remarksOn(this.#parsed, this.envFile);
    const codes = remarks.map(({ code }) => code);
    for (const code of this.#remarked) if (!codes.includes(code)) health.clear(code);
    for (const remark of remarks) health.raise(remark);
    this.#remarked = codes;
  }

  #sayPending(): void {
    const { pending } = this;
    if (pending.length === 0) {
      this.#in.health.clear('settings_pending');
      return;
    }
    this.#in.health.raise({
      code: 'settings_pending',
      severity: 'info',
      message: `${pending.join(', ')} ${pending.length === 1 ? 'has' : 'have'} been changed and will hold from the next start`,
      action: 'Restart Nightshift when it suits you.',
    });
  }

  /** What it held before is no longer what was seen last: put back, it is taken again. */
  #unreadable(message: string): void {
    this.#seen = this.#told = null;
    this.#wrong([{ key: null, source: 'file', line: null, message }]);
  }

  #wrong(problems: readonly Problem[]): void {
    const { health } = this.#in;
    const named = this.#name(problems);
    // Another mistake is news, and told as such.
    if (named !== this.#name(this.#problems)) health.clear('settings_wrong');
    this.#problems = problems;
    health.clear('settings_gone');
    health.raise({
      code: 'settings_wrong',
      severity: 'error',
      message: `The settings are not taken, the last good ones (${this.#revision?.id ?? 'defaults'}) stay in force: ${named}`,
      action: `Correct ${this.envFile}; it is taken as soon as it is right.`,
    });
  }

  #name(problems: readonly Problem[]): string {
    return problems.map((problem) => describeProblem(problem, this.envFile)).join('; ');
  }

  #gone(): void {
    const { health, loaded } = this.#in;
    this.#seen = this.#told = null;
    this.#problems = [];
    health.clear('settings_wrong');
    health.raise({
      code: 'settings_gone',
      severity: 'warning',
      message: `${this.envFile} is gone; the last good settings stay in force`,
      action:
        loaded.name === loaded.envFile
          ? 'Put it back: without it Nightshift does not start again.'
          : 'Put it back, or restart to have it made from the example with all defaults.',
    });
  }

  #parse(bytes: Uint8Array): ParsedSettings {
    return this.#in.loaded.parse(bytes);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => {});
    return done;
  }
}

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

/** One that is not set counts as off. */
function switchedFlags(before: ReadonlyMap<string, boolean>, after: ReadonlyMap<string, boolean>) {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names
    .map((flag) => ({ flag, on: after.get(flag) ?? false }))
    .filter(({ flag, on }) => on !== (before.get(flag) ?? false));
}

function refuseUnknown(keys: readonly string[]): void {
  const mistakes = keys
    .filter((key) => !isSetting(key))
    .map((key) => ({ path: `$.changes.${key}`, message: unknown(key) }));
  if (mistakes.length === 0) return;
  throw new Refusal('validation', mistakes.map(({ path, message }) => `${path} ${message}`).join('; '), mistakes);
}

function refuseFileOnly(keys: readonly string[], envFile: string): void {
  const refused = keys.filter(isFileOnly);
  if (refused.length === 0) return;
  const mistakes = refused.map((key) => ({ path: `$.changes.${key}`, message: 'is changed in the file only' }));
  throw new Refusal(
    'forbidden',
    `${refused.join(', ')} can grant execution, paths or reach and ${refused.length === 1 ? 'is' : 'are'} changed in ${envFile} only`,
    mistakes,
  );
}

function edited(text: string, changes: Changes): string {
  try {
    return editEnv(text, changes);
  } catch (error) {
    throw new Refusal('validation', (error as Error).message);
  }
}

function wrongChange(problems: readonly Problem[], envFile: string): Refusal {
  const mistakes = problems.map(({ key, message }) => ({ path: key ? `$.changes.${key}` : '$', message }));
  return new Refusal('validation', problems.map((problem) => describeProblem(problem, envFile)).join('; '), mistakes);
}
