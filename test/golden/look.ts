/** What can be seen of a data folder: lists, pages, counts, statistics, schedules with their ledger, the store. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, machineClock } from '../../supervisor/clock.ts';
import type { TaskFilter, TaskView } from '../../supervisor/facade.ts';
import { freshFolder, openTestSupervisor, type TestSupervisor } from '../helpers/open-supervisor.ts';

export const settings = 'TIMEZONE=Europe/Berlin\nFAILED_LIVE=0s\nHISTORY_RETENTION=forever\n';
/** Of a data folder, what is golden: what cannot be made again. */
export const KEPT = ['journal', 'snapshots', 'history', 'ledger', 'logs'];

/** A clock that begins at a moment and then goes as the machine's does. */
export function clockFrom(at: number): Clock {
  const shift = at - Date.now();
  return { ...machineClock, wall: () => Math.floor(Date.now() + shift) };
}

/** @returns a fresh data folder with a copy of what is golden in it */
export function copyOf(golden: string): string {
  const dataDir = freshFolder();
  for (const name of KEPT) {
    mkdirSync(join(dataDir, name), { recursive: true });
    cpSync(join(golden, name), join(dataDir, name), { recursive: true });
  }
  return dataDir;
}

/** Opens a folder without letting anything begin. */
export function openStill(dataDir: string, at: number): Promise<TestSupervisor> {
  return openTestSupervisor(dataDir, { settings, clock: clockFrom(at) });
}

const FILTERS: readonly TaskFilter[] = [
  {},
  { state: ['failed'] },
  { state: ['succeeded'], type: ['scripted'] },
  { state: ['queued', 'scheduled', 'canceled'] },
  { tag: ['golden'] },
  { q: 'größer' },
  { from: Date.UTC(2026, 8, 1), to: Date.UTC(2026, 9, 1) },
];

/** Why it waits depends on when one looks. */
function withoutWaiting({ waiting: _, ...task }: TaskView) {
  return task;
}

export async function look({ front, history, schedules, store }: TestSupervisor) {
  const pages: unknown[] = [];
  const tasks = new Map<string, unknown>();
  for (const filter of FILTERS) {
    for (const order of ['newest', 'oldest'] as const) {
      for (let after: string | null = null, number = 1; number === 1 || after !== null; number++) {
        const page = await front.tasks({ filter, limit: 4, after, order, counted: true });
        for (const task of page.items) tasks.set(task.id, withoutWaiting(task));
        after = page.next;
        const { total, totalAtLeast, next } = page;
        pages.push({ filter, order, number, ids: page.items.map(({ id }) => id), next, total, totalAtLeast });
      }
    }
  }
  const { counts, totals } = await front.status();
  const listed = await schedules.list({ limit: 10, after: null });
  const occurrences: unknown[] = [];
  for (const { id } of listed.items)
    occurrences.push((await schedules.occurrences(id, { limit: 50, after: null })).items);
  const { types } = await front.stats({ types: null, days: 120 });
  const { items } = await store.list({ prefix: '', limit: 50, after: null });
  const logs = await Promise.all([...tasks.keys()].map((id) => front.log(id, 1)));
  const seen = { pages, tasks: [...tasks.values()], endings: await history.endingsCount() };
  // As JSON has it: what is not there is not there.
  return JSON.parse(JSON.stringify({ ...seen, counts, totals, types, schedules: occurrences, store: items, logs }));
}
