/** What a change of handlers means for work: limits and lanes, threads that begin afresh, tasks that waited for it. */
import type { HandlerCatalog } from '../workers/contract.ts';
import type { Clock } from './clock.ts';
import type { HandlerChanged } from './core/event.ts';
import type { State } from './core/state.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import { renewThreads } from './dispatch/generations.ts';
import type { Pool } from './dispatch/pool.ts';
import { putInForce } from './in-force.ts';
import type { Recorder } from './recorder.ts';
import type { Settings } from './settings/settings.ts';

export interface AdoptingParts {
  readonly state: State;
  readonly recorder: Recorder;
  readonly dispatcher: Dispatcher;
  readonly pool: Pool;
  readonly clock: Clock;
}

/** More are only counted in the entry. */
const changesNamedMax = 100;

export function adoptHandlers(
  { state, recorder, dispatcher, pool, clock }: AdoptingParts,
  settings: Settings,
  catalog: HandlerCatalog,
  changes: readonly HandlerChanged[],
): void {
  putInForce(state, settings, catalog, clock.wall());
  if (changes.some(({ what }) => what === 'changed' || what === 'removed')) renewThreads(pool);
  recorder.record({
    e: 'handlers.changed',
    changes: changes.slice(0, changesNamedMax),
    more: Math.max(0, changes.length - changesNamedMax),
  });
  dispatcher.pump();
}

/** Versions of handlers that attempts under way have begun with. */
export function versionsInUse({ running }: State): ReadonlySet<string> {
  const versions = [...running].map((task) => task.life?.attempts.at(-1)?.handlerVersion);
  return new Set(versions.filter((version) => version != null));
}
