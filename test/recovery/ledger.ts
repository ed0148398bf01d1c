import { Finished } from './finished.ts';

/** What the outside has been told, and what it has asked for. */
export class Ledger {
  /** Ids that were acknowledged. */
  readonly acknowledged = new Set<string>();
  /** Keys whose task has not been acknowledged yet: asked for again after the restart. */
  readonly openKeys = new Set<string>();
  readonly idOfKey = new Map<string, string>();
  /** Lists by name: how many tasks, and whether they were acknowledged. */
  readonly lists = new Map<string, { readonly count: number; acknowledged: boolean }>();
  /** Files by name: how many tasks. */
  readonly files = new Map<string, number>();
  readonly finished = new Finished();
  /** Endings that an event has told. */
  told = 0;
  unknown = 0;
}
