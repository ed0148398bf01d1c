/** A queue on a clock that is moved by hand, with every transition it tells of. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Test } from 'tap';
import type { Queue, QueueOptions, Transition } from '../../supervisor/queue/open-queue.ts';
import { type QueueMachine, startQueue } from '../../supervisor/queue/start-queue.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

export interface QueueBed {
  readonly clock: ManualClock;
  readonly queue: Queue;
  readonly seen: readonly Transition[];
  readonly warned: readonly string[];
}

export async function queueBed(
  t: Test,
  options: QueueOptions = { memory: true },
  machine: Partial<QueueMachine> & { readonly clock?: ManualClock } = {},
): Promise<QueueBed> {
  const { clock = new ManualClock('2026-11-27T08:00:00Z') } = machine;
  const warned: string[] = [];
  const warn = (message: string) => void warned.push(message);
  const queue = await startQueue({ warn, ...options }, { clock, chance: () => 0.5, ...machine });
  const seen: Transition[] = [];
  queue.watch((transition) => seen.push(transition));
  t.teardown(() => queue.close({ timeout: 0 }));
  return { clock, queue, seen, warned };
}

/** A folder that is there until whatever was opened in it later is closed. */
export function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-queue-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Lets what is under way settle: in memory an entry is durable one turn of the event loop later. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}

/** Whether a promise has settled yet. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const settled = () => {
    pending = false;
  };
  promise.then(settled, settled);
  await turns();
  return pending;
}

/** Takes the next task, which is there. */
export async function take(queue: Queue) {
  const task = await queue.pop({ timeout: 0 });
  if (!task) throw new Error('there is no task');
  return task;
}

export function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => null,
    ({ code }) => code,
  );
}
