/**
 * What a handler is given of the settings: the keys it declares, as they were when its task was created. Secrets, and
 * what grants execution or reach, are always the newest: a key that was changed, or a right that was taken away, holds
 * at once.
 */
import type { HandlerDescription } from '../workers/contract.ts';
import type { State } from './core/state.ts';
import { isAlwaysNewest } from './settings/settings.ts';

/** Revisions that live tasks were created with: each of them may still be asked for. */
export function revisionsInUse(state: State): ReadonlySet<string> {
  const used = new Set<string>();
  for (const { options } of state.tasks.values())
    if (options.settingsRevision !== null) used.add(options.settingsRevision);
  for (const { settingsRevision } of state.runs.byId.values())
    if (settingsRevision !== null) used.add(settingsRevision);
  return used;
}

type Texts = ReadonlyMap<string, string>;
type Given = Readonly<Record<string, string>>;

/** So many revisions are kept ready; live tasks seldom come from more. */
const revisionsReadyMax = 50;

export class GivenSettings {
  #newest: Texts;
  readonly #textsOf: (revision: string) => Texts | null;
  /** By revision, then by type: tasks that are given the same are given one object, and travel together. */
  readonly #given = new Map<string, Map<string, Given>>();

  /** @param textsOf texts of all settings as a revision has them; null for one that is no longer kept */
  constructor(newest: Texts, textsOf: (revision: string) => Texts | null) {
    this.#newest = newest;
    this.#textsOf = textsOf;
  }

  /** Other settings are in force, or other handlers. */
  renew(newest: Texts): void {
    this.#newest = newest;
    this.#given.clear();
  }

  of(handler: HandlerDescription, revision: string | null): Given {
    const key = revision ?? '';
    let byType = this.#given.get(key);
    if (!byType) {
      if (this.#given.size >= revisionsReadyMax) this.#given.clear();
      byType = new Map();
      this.#given.set(key, byType);
    }
    let given = byType.get(handler.type);
    if (!given) {
      given = this.#make(handler, revision);
      byType.set(handler.type, given);
    }
    return given;
  }

  #make(handler: HandlerDescription, revision: string | null): Given {
    const then = (revision === null ? null : this.#textsOf(revision)) ?? this.#newest;
    const given: Record<string, string> = {};
    for (const key of handler.settings) {
      if (key.startsWith('WEB_')) continue;
      const text = (isAlwaysNewest(key) ? this.#newest : then).get(key);
      if (text !== undefined) given[key] = text;
    }
    return given;
  }
}
