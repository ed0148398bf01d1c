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
import type { LoadedSettings, SettingsHealth } from './load.ts';
import { describeProblem, type Parsed, type ParsedSettings, type Problem } from './parse.ts';
import { readEnv } from './read-env.ts';
import { type Change, changedKeys, hashOf, type Revision } from './revisions.ts';
import { isFileOnly, needsRestart, type Settings } from './settings.ts';
import { EnvWatch } from './watch-env.ts';

/** What came into force. */
export interface Adopted {
  readonly settings: Settings;
  readonly texts: ReadonlyMap<string, string>;
  readonly revision: Revision;
  /** Keys whose texts differ from before. */
  readonly keys: readonly string[];
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
  /** One look or change at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LiveOptions) {
    const { loaded, clock } = options;
    this.#in = options;
    this.#parsed = loaded;
    this.#startedWith = loaded.texts;
    this.#revision = loaded.revision;
    this.#seen = loaded.read && hashOf(Buffer.from(loaded.read).toString('utf8'));
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
      if ('problem' in read) this.#wrong([{ key: null, source: 'file', line: null, message: read.problem }]);
      else if (read.bytes === null) this.#gone();
      else await this.#take(read.bytes, byFile);
    });
  }

  /**
   * Changes keys in the file and adopts the result.
   * @throws Refusal `forbidden` for keys that change in the file only, `validation` naming each mistake
   */
  change(changes: Changes, change: Change): Promise<Revision> {
    return this.#inTurn(async () => {
      refuseFileOnly(Object.keys(changes), this.envFile);
      const text = await this.#fileText();
      return this.#write(edited(text, changes), change);
    });
  }

  /** Brings the content of an older revision back, as a new one. */
  apply(id: string, change: Change): Promise<Revision> {
    return this.#inTurn(async () => {
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
  }

  async #adopt(parsed: Parsed, text: string, change: Change): Promise<void> {
    const { loaded, health, log, inUse, adopted } = this.#in;
    const revision = await loaded.revisions.keep(loaded.name, text, change, inUse);
    const before = this.#parsed.texts;
    this.#parsed = parsed;
    this.#revision = revision;
    this.#seen = hashOf(text);
    health.clear('settings_wrong');
    health.clear('settings_gone');
    const keys = differing(before, parsed.texts);
    this.#sayPending();
    if (keys.length === 0) return;
    log.info(`settings ${revision.id} in force, changed by ${change.by}: ${keys.join(', ')}`);
    adopted({ settings: parsed.settings, texts: parsed.texts, revision, keys });
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

  #wrong(problems: readonly Problem[]): void {
    const named = problems.map((problem) => describeProblem(problem, this.envFile)).join('; ');
    this.#in.health.raise({
      code: 'settings_wrong',
      severity: 'error',
      message: `The settings are not taken, the last good ones (${this.#revision?.id ?? 'defaults'}) stay in force: ${named}`,
      action: `Correct ${this.envFile}; it is taken as soon as it is right.`,
    });
  }

  #gone(): void {
    this.#seen = null;
    this.#in.health.raise({
      code: 'settings_gone',
      severity: 'warning',
      message: `${this.envFile} is gone; the last good settings stay in force`,
      action: 'Put it back, or restart to have it made from the example with all defaults.',
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
