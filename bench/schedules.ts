/**
 * Many schedules: what 100,000 daily ones cost in memory, at a start and while none is due; 10,000 due in the same second;
 * how late one is on an idle machine; and a preview of a rare rule.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { type Bed, freshFolder, openHere, post, removeFolder, startProgram, usage } from './bed.ts';
import { type Bench, type Figure, percentile } from './figure.ts';

const callers = 64;
const by = { origin: 'bench', from: null };

export const schedules: Bench = async (quick) => [
  ...(await many(quick ? 2_000 : 100_000, quick ? 3 : 20)),
  ...(await atOnce(quick ? 500 : 10_000)),
  ...(await punctual(quick ? 3 : 30)),
];

/** Made over HTTP; all of them are due twelve hours from now, give or take six. */
async function many(count: number, idleSeconds: number): Promise<Figure[]> {
  const dir = freshFolder();
  const empty = await restarted(dir);
  const first = await startProgram(dir);
  const noon = Date.now() + 12 * 3_600_000;
  let made = 0;
  const make = async () => {
    for (let number = made++; number < count; number = made++) {
      const at = new Date(noon + ((number / count) * 12 - 6) * 3_600_000).toISOString().slice(11, 19);
      await post(first.url, '/schedules', { ...named(number), when: { kind: 'daily', at }, timezone: 'UTC' });
    }
  };
  await Promise.all(Array.from({ length: callers }, make));
  await first.kill();
  const full = await restarted(dir);
  const program = await startProgram(dir);
  // The delay after a start, and the first look at all of them.
  await pause(15_000);
  const before = usage(program.child.pid as number);
  await pause(idleSeconds * 1_000);
  const after = usage(program.child.pid as number);
  await program.kill();
  removeFolder(dir);
  const what = `${count.toLocaleString('en')} schedules`;
  const cpu = ((after.cpuSeconds - before.cpuSeconds) / idleSeconds) * 100;
  return [
    {
      name: `${what}: memory more than empty`,
      value: (after.rssBytes - empty.rssBytes) / 1e6,
      unit: 'MB',
      target: 150,
    },
    { name: `${what}: CPU when none is due`, value: cpu, unit: '% of a core', target: 0.5 },
    {
      name: `${what}: start after SIGKILL, more than empty`,
      value: (full.startMs - empty.startMs) / 1_000,
      unit: 's',
      target: 2,
    },
  ];
}

/** Started and, some seconds later, killed. */
async function restarted(dir: string): Promise<{ startMs: number; rssBytes: number }> {
  const program = await startProgram(dir);
  await pause(15_000);
  const { rssBytes } = usage(program.child.pid as number);
  await program.kill();
  return { startMs: program.startMs, rssBytes };
}

async function atOnce(count: number): Promise<Figure[]> {
  const bed = await openHere();
  const second = Math.ceil(Date.now() / 1_000) * 1_000 + Math.max(15_000, count * 2);
  const when = { kind: 'once', at: `${new Date(second).toISOString().slice(0, 19)}Z` };
  for (let from = 0; from < count; from += 500) {
    const numbers = Array.from({ length: Math.min(500, count - from) }, (_, index) => from + index);
    await Promise.all(numbers.map((number) => bed.schedules.create({ ...named(number), when }, by)));
  }
  if (Date.now() > second - 11_000) throw new Error('they were due before all of them were made');
  bed.begin();
  await pause(second - Date.now() - 500);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  while (bed.state.totals.accepted < count) await pause(5);
  await bed.journal.durable(bed.state.seq);
  const tookMs = Date.now() - second;
  while (bed.state.totals.succeeded < count) await pause(20);
  delay.disable();
  removeFolder(bed.dir);
  const what = `${count.toLocaleString('en')} due in the same second`;
  return [
    { name: `${what}: until all are durable`, value: tookMs / 1_000, unit: 's', target: 1 },
    { name: `${what}: event loop blocked at most`, value: delay.max / 1e6, unit: 'ms', target: 50 },
  ];
}

/** One is due each second; the ledger says when it was submitted. */
async function punctual(seconds: number): Promise<Figure[]> {
  const bed = await openHere();
  bed.begin();
  await pause(11_000);
  const when = { kind: 'cron', expression: '* * * * * *' };
  await bed.schedules.create({ ...named(0), when, overlap: 'allow' }, by);
  await pause(seconds * 1_000);
  const late = await lateness(bed);
  const previews: number[] = [];
  for (let number = 0; number < 20; number++) {
    const since = performance.now();
    await bed.schedules.preview({ when: { kind: 'cron', expression: '0 0 29 2 *' }, timezone: 'Europe/Berlin' });
    previews.push(performance.now() - since);
  }
  removeFolder(bed.dir);
  return [
    { name: 'due time to submitted, idle machine, p99', value: percentile(late, 0.99), unit: 'ms', target: 20 },
    { name: 'preview of ten times of 0 0 29 2 *, the slowest', value: Math.max(...previews), unit: 'ms', target: 20 },
  ];
}

async function lateness({ ledger, dir }: Bed): Promise<readonly number[]> {
  await ledger.sync();
  const folder = join(dir, 'ledger');
  const lines = readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1),
  );
  return lines.flatMap((text) => {
    const { at, occurrences } = JSON.parse(text) as { at: number; occurrences: readonly { plannedAt: number }[] };
    return occurrences.map(({ plannedAt }) => at - plannedAt);
  });
}

function named(number: number) {
  return { name: `schedule-${number}`, task: { type: 'noop', params: { number } } };
}
