/** Runs of which something may run still, or again; those that ended longer ago are in the history. */
import type { Run } from './run.ts';

export interface Runs {
  readonly byId: Map<string, Run>;
  /**
   * Keys that a snapshot knows, by run and stage, until its line of the run has come: lines of keys are written first, as
   * keys only ever come to them.
   */
  readonly keys: Map<string, Set<string>>;
}

export function freshRuns(): Runs {
  return { byId: new Map(), keys: new Map() };
}

export function keysName(run: string, stage: string): string {
  return `${run} ${stage}`;
}
