/**
 * A year of history: what a million finished tasks cost a start, how soon one, a page or a text is found among them, ten
 * thousand of them run again at once, and questions while work goes on.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { PageRequest } from '../supervisor/facade.ts';
import { freshFolder, given, openHere, type Program, post, removeFolder, startProgram, status, usage } from './bed.ts';
import { type Bench, type Figure, percentile } from './figure.ts';

/** Memory is looked at when a start has calmed down. */
const calmMs = 15_000;
const perSecond = 5_000;
const stepMs = 100;

export const history: Bench = async (quick) => {
  const count = quick ? 20_000 : 1_000_000;
  const dir = freshFolder();
  execFileSync(process.execPath, [fileURLToPath(new URL('./year.js', import.meta.url)), dir, String(count)]);
  await (await startProgram(dir)).stop();
  const program = await startProgram(dir);
  const figures = [
    ...(await beyondEmpty(program, count)),
    ...(await lookups(program, dir)),
    ...(await meanwhile(program, dir, quick ? 2 : 15)),
    ...(await again(program)),
  ];
  await program.stop();
  figures.push(...(await search(dir)));
  removeFolder(dir);
  return figures;
};

async function beyondEmpty(program: Program, count: number): Promise<Figure[]> {
  const rssBytes = await rssOf(program);
  const dir = freshFolder();
  await (await startProgram(dir)).stop();
  const empty = await startProgram(dir);
  const emptyBytes = await rssOf(empty);
  await empty.kill();
  removeFolder(dir);
  const what = `${count.toLocaleString('en')} finished tasks`;
  return [
    { name: `${what}: memory more than empty`, value: (rssBytes - emptyBytes) / 1e6, unit: 'MB', target: 60 },
    {
      name: `${what}: start, more than empty`,
      value: (program.startMs - empty.startMs) / 1_000,
      unit: 's',
      target: 0.5,
    },
  ];
}

async function rssOf({ child }: Program): Promise<number> {
  await pause(calmMs);
  return usage(child.pid as number).rssBytes;
}

/** Nothing has been asked since the start. */
async function lookups(program: Program, dir: string): Promise<Figure[]> {
  const newest = await asked(program, '/tasks?limit=50');
  const rare = await asked(program, '/tasks?state=failed&type=rare&limit=50');
  const each: number[] = [];
  for (const id of idsOf(dir)) each.push(await asked(program, `/tasks/${id}`));
  const again: number[] = [];
  for (let turn = 0; turn < 20; turn++) again.push(await asked(program, '/tasks?limit=50'));
  return [
    { name: 'newest page of 50, the first answer of the program', value: newest, unit: 'ms', target: null },
    { name: 'newest page of 50', value: percentile(again, 0.5), unit: 'ms', target: 20 },
    { name: 'page by state and type, 0.1 % of all, the first time', value: rare, unit: 'ms', target: 300 },
    { name: 'one by its id, the first of its month, the slowest', value: Math.max(...each), unit: 'ms', target: 30 },
  ];
}

async function asked({ url }: Program, path: string): Promise<number> {
  const since = performance.now();
  const answer = await fetch(`${url}/api/v1${path}`);
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return performance.now() - since;
}

function monthsOf(dir: string): readonly string[] {
  const folder = join(dir, 'history');
  return readdirSync(folder).flatMap((name) => (name.endsWith('.ndjson') ? [join(folder, name)] : []));
}

/** One from the middle of each month. */
function idsOf(dir: string): readonly string[] {
  return monthsOf(dir).map((file) => {
    const text = readFileSync(file)
      .toString('latin1', Math.floor(statSync(file).size / 2))
      .slice(0, 10_000);
    return (JSON.parse(text.split('\n')[1] as string) as { id: string }).id;
  });
}

/** Questions of all kinds, one after another, while 5,000 tasks a second go through. */
async function meanwhile(program: Program, dir: string, seconds: number): Promise<Figure[]> {
  const { url } = program;
  const before = (await status(url)).totals.succeeded as number;
  const ids = idsOf(dir);
  const took: number[] = [];
  const since = performance.now();
  const goesOn = () => performance.now() - since < seconds * 1_000;
  const asking = async () => {
    for (let turn = 0; goesOn(); turn++) {
      const id = ids[turn % ids.length] as string;
      const from = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toISOString();
      for (const path of [
        '/tasks?limit=50',
        `/tasks?state=failed&type=rare&limit=50&to=${from}`,
        `/tasks/${id}`,
        `/tasks?limit=50&order=oldest&from=${from}`,
      ])
        took.push(await asked(program, path));
    }
  };
  const working = async () => {
    for (let step = 0; goesOn(); step++) {
      const some = Array.from({ length: (perSecond * stepMs) / 1_000 }, (_, index) => given(index));
      await post(url, '/tasks', some);
      await pause(Math.max(0, since + (step + 1) * stepMs - performance.now()));
    }
  };
  await Promise.all([asking(), working()]);
  const done = ((await status(url)).totals.succeeded as number) - before;
  const what = `while ${perSecond.toLocaleString('en')} tasks a second go through`;
  return [
    { name: `pages and lookups ${what}, p99`, value: percentile(took, 0.99), unit: 'ms', target: null },
    {
      name: `tasks finished meanwhile`,
      value: done / ((performance.now() - since) / 1_000),
      unit: 'per second',
      target: null,
    },
  ];
}

async function again({ url }: Program): Promise<Figure[]> {
  await post(url, '/queue/pause', { reason: 'bench' });
  const since = performance.now();
  await post(url, '/tasks/retry', { filter: { state: ['failed'] } });
  const seconds = (performance.now() - since) / 1_000;
  const { queued } = (await status(url)).counts;
  return [{ name: `${queued?.toLocaleString('en')} run again by one call`, value: seconds, unit: 's', target: 3 }];
}

async function search(dir: string): Promise<Figure[]> {
  const bytes = monthsOf(dir).reduce((sum, file) => sum + statSync(file).size, 0);
  const bed = await openHere(dir);
  await pause(1_000);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const since = performance.now();
  let after: string | null = null;
  do {
    const request: PageRequest = { filter: { q: 'no star of that name' }, limit: 50, order: 'newest', after };
    after = (await bed.supervisor.tasks(request)).next;
  } while (after !== null);
  const seconds = (performance.now() - since) / 1_000;
  delay.disable();
  return [
    { name: 'text search through all of it', value: bytes / 1e6 / seconds, unit: 'MB/s', target: 400 },
    { name: 'event loop blocked at most meanwhile', value: delay.max / 1e6, unit: 'ms', target: 20 },
  ];
}
