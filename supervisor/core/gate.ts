/** What keeps a queued task from running: one rule for the claim and for the answer to "why is this not running?". */
import type { RateWindow } from './rate.ts';
import { isHeld, isOpen, stageOf } from './run/run.ts';
import type { State } from './state.ts';
import type { TaskOptions } from './task.ts';

/** Free room by lane, as the pool tells it. */
export type FreeLanes = (type: string) => boolean;

/**
 * @returns the first thing in the way, as `kind:name`, or null. Under this name a line is parked in the ready queue.
 */
export function blockOf(
  state: State,
  { type, group, run }: Pick<TaskOptions, 'type' | 'group' | 'run'>,
  now: number,
): string | null {
  if (state.lanes && !state.lanes.has(type)) return `handler:${type}`;
  if (state.pausedTypes.has(type)) return `pause:${type}`;
  if (state.switchedOff.has(type)) return `flag:${type}`;
  const stageBlock = run && blockOfStage(state, run, now);
  if (stageBlock) return stageBlock;
  const typeMax = state.limits.concurrencyByType.get(type);
  if (typeMax !== undefined && (state.runningByType.get(type) ?? 0) >= typeMax) return `type:${type}`;
  if (group === null) return null;
  const groupMax = state.limits.concurrencyByGroup.get(group);
  if (groupMax !== undefined && (state.runningByGroup.get(group) ?? 0) >= groupMax) return `group:${group}`;
  const window = state.rates.get(group);
  if (window && window.nextAt() > now) return `rate:${group}`;
  return null;
}

/** What its run has against it. */
function blockOfStage(state: State, ref: NonNullable<TaskOptions['run']>, now: number): string | null {
  const run = state.runs.byId.get(ref.id);
  const life = run && stageOf(run, ref.stage);
  if (!run || !life) return null;
  if (isHeld(run)) return `run:${run.id}`;
  if (!isOpen(run, life)) return `stage:${run.id}/${ref.stage}`;
  const { concurrency } = life.stage;
  if (concurrency !== null && life.running >= concurrency) return `stage-room:${run.id}/${ref.stage}`;
  return life.window && life.window.nextAt() > now ? `stage-rate:${run.id}/${ref.stage}` : null;
}

/** Every rate there is, with what it holds back. */
function* rates(state: State): Generator<[string, RateWindow]> {
  for (const [group, window] of state.rates) yield [`rate:${group}`, window];
  for (const { id, stages, endedAt } of state.runs.byId.values())
    if (endedAt === null)
      for (const { stage, window } of stages) if (window) yield [`stage-rate:${id}/${stage.name}`, window];
}

/** The moment the earliest rate limit that holds something back lets go; Infinity for none. */
export function nextRateAt(state: State): number {
  let earliest = Number.POSITIVE_INFINITY;
  for (const [block, window] of rates(state)) {
    if (state.ready.isParked(block)) earliest = Math.min(earliest, window.nextAt());
  }
  return earliest;
}

/** Lets go what a rate limit held back and no longer does. */
export function releaseRates(state: State, now: number): void {
  for (const [block, window] of rates(state)) {
    if (window.nextAt() <= now) state.ready.release(block, Number.POSITIVE_INFINITY, now);
  }
}
