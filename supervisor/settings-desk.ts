/** Answers for the settings in force: what they are, how they came to be, and changes, each written down with who asked. */
import { Refusal } from './core/refusal.ts';
import type { Actor } from './facade.ts';
import { FLAG_NAME, flagKey } from './settings/flags.ts';
import type { LiveSettings } from './settings/live.ts';
import { differences, type Revision } from './settings/revisions.ts';
import { isFileOnly, isSecret, mayBeShown, needsRestart, rowOf } from './settings/settings.ts';
import type {
  ChangeRequest,
  FlagView,
  RevisionView,
  SettingDifference,
  SettingsFacade,
  SettingsView,
  SettingView,
} from './settings-facade.ts';

const MASK = '••••••••';

/** The types of the handlers there are, each with the flag it depends on. */
type FlagsOfTypes = () => readonly { readonly type: string; readonly flag: string | null }[];

/** The schedules there are, each with the flag it depends on. */
type FlagsOfSchedules = () => Iterable<{ readonly name: string; readonly flag: string | null }>;

export class SettingsDesk implements SettingsFacade {
  readonly #live: LiveSettings;
  readonly #handlers: FlagsOfTypes;
  readonly #schedules: FlagsOfSchedules;
  /** Resolves when what has been written down is on disk. */
  readonly #settled: () => Promise<void>;

  constructor(live: LiveSettings, handlers: FlagsOfTypes, schedules: FlagsOfSchedules, settled: () => Promise<void>) {
    this.#live = live;
    this.#handlers = handlers;
    this.#schedules = schedules;
    this.#settled = settled;
  }

  show(): SettingsView {
    const { revision, envFile, fileHash, problems, texts, sources, pending } = this.#live;
    const views = [...texts].map(([key, text]) => viewOf(key, text, sources.get(key) ?? 'default', pending));
    return {
      revision: revision && revisionView(revision),
      envFile,
      fileHash,
      problems: problems.map(({ key, line, message }) => ({ key, line, message })),
      settings: Object.fromEntries(views.map((view) => [view.key, view])),
    };
  }

  async change(changes: Readonly<Record<string, string | null>>, request: ChangeRequest, actor: Actor) {
    const { by, note, since } = request;
    await this.#live.change(changes, { by, note, from: actor.from }, since);
    await this.#settled();
    return this.show();
  }

  revisions(): readonly RevisionView[] {
    return this.#live.revisions.map(revisionView);
  }

  diff(id: string, against: string | null) {
    const all = this.#live.revisions;
    const after = this.#revision(id);
    const before = against === null ? (all[all.indexOf(after) + 1] ?? null) : this.#revision(against);
    return {
      against: before?.id ?? null,
      differences: differences(before?.content ?? '', after.content).map(masked),
    };
  }

  async apply(id: string, { note, since }: ChangeRequest, actor: Actor): Promise<SettingsView> {
    await this.#live.apply(id, { by: 'apply', note: note ?? `${id} applied again`, from: actor.from }, since);
    await this.#settled();
    return this.show();
  }

  flags(): readonly FlagView[] {
    const { flags } = this.#live.settings;
    const types = new Map<string, string[]>();
    for (const { type, flag } of this.#handlers()) if (flag !== null) note(types, flag, type);
    const schedules = new Map<string, string[]>();
    for (const { name, flag } of this.#schedules()) if (flag !== null) note(schedules, flag, name);
    return [...new Set([...flags.keys(), ...types.keys(), ...schedules.keys()])].sort().map((name) => ({
      name,
      on: flags.get(name) ?? false,
      set: flags.has(name),
      types: types.get(name) ?? [],
      schedules: schedules.get(name) ?? [],
    }));
  }

  async switchFlag(name: string, on: boolean | null, request: ChangeRequest, actor: Actor): Promise<FlagView> {
    if (!FLAG_NAME.test(name)) {
      const message = 'must be a name of capital letters, digits and _, e.g. NIGHT_SYNC';
      throw new Refusal('validation', `the name of a flag ${message}`, [{ path: 'name', message }]);
    }
    await this.change({ [flagKey(name)]: on === null ? null : String(on) }, request, actor);
    return this.flags().find((flag) => flag.name === name) ?? { name, on: false, set: false, types: [], schedules: [] };
  }

  #revision(id: string): Revision {
    const found = this.#live.revisions.find((revision) => revision.id === id);
    if (!found) throw new Refusal('not_found', `there is no revision ${id}`);
    return found;
  }
}

function viewOf(key: string, text: string, source: SettingView['source'], pending: readonly string[]): SettingView {
  const row = rowOf(key);
  return {
    key,
    value: isSecret(key) && text !== '' ? MASK : text,
    default: row?.default ?? '',
    source,
    sentence: row?.sentence ?? '',
    limits: row?.kind.limits ?? '',
    unit: row?.kind.unit ?? null,
    secret: isSecret(key),
    fileOnly: isFileOnly(key),
    needsRestart: needsRestart(key),
    pending: pending.includes(key),
  };
}

function revisionView({ id, at, by, from, note, hash, keys }: Revision): RevisionView {
  return { id, createdAt: at, by, from, note, hash, keys };
}

function masked({ key, before, after }: SettingDifference): SettingDifference {
  if (mayBeShown(key)) return { key, before, after };
  return { key, before: before && MASK, after: after && MASK };
}

function note(dependents: Map<string, string[]>, flag: string, one: string): void {
  const known = dependents.get(flag);
  if (known) known.push(one);
  else dependents.set(flag, [one]);
}
