/** Work for other tasks of the run, where its pipeline has a stage for it. A pipeline that ends earlier is no failure. */

import { type HandlerContext, type NextWork, Permanent } from '../define.ts';
import { oneLine } from './plain-text.ts';
import { portions } from './portions.ts';

/** As the supervisor takes them. */
const labelCharsMax = 200;
/** Puts under way at the same time. */
const putsAtOnce = 100;

export interface PassedOn {
  readonly added: number;
  /** Known there already: passed on by an earlier attempt, or by another task. */
  readonly known: number;
}

/** Into the next stage, or the one that the work names. Does nothing outside of a run. */
export async function passOn(
  ctx: HandlerContext,
  works: Iterable<NextWork> | AsyncIterable<NextWork>,
  told: (passed: PassedOn) => void = () => {},
): Promise<PassedOn> {
  let [added, known] = [0, 0];
  if (ctx.task.run === null) return { added, known };
  const missing = new Set<string | undefined>();
  for await (const group of portions(works, putsAtOnce)) {
    ctx.signal.throwIfAborted();
    for (const answer of await Promise.all(group.map((work) => put(ctx, work, missing)))) {
      if (answer) added++;
      else if (answer === false) known++;
    }
    told({ added, known });
  }
  return { added, known };
}

/**
 * Into its own stage: one task for each thing.
 * @throws Permanent `not_in_a_run`
 */
export function fanOut(ctx: HandlerContext, works: Iterable<NextWork> | AsyncIterable<NextWork>): Promise<PassedOn> {
  const { run, type } = ctx.task;
  if (run === null) {
    const message = `${type} without a particular thing adds a task for each to its run, and this task is in none: start the pipeline, e.g. nightshift runs start ${type}`;
    throw new Permanent(message, { code: 'not_in_a_run' });
  }
  return passOn(ctx, staged(works, run.stage));
}

async function* staged(works: Iterable<NextWork> | AsyncIterable<NextWork>, stage: string): AsyncGenerator<NextWork> {
  for await (const work of works) yield { ...work, stage };
}

/** @returns whether it was new; null where there is no such stage, which is not asked for again */
async function put(ctx: HandlerContext, work: NextWork, missing: Set<string | undefined>): Promise<boolean | null> {
  if (missing.has(work.stage)) return null;
  try {
    return (await ctx.next(work)).added;
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'no_stage') throw error;
    missing.add(work.stage);
    return null;
  }
}

/** A title as it can stand beside a task. */
export function labelOf(title: string): string {
  return oneLine(title, labelCharsMax) ?? '?';
}
