/**
 * Handlers that change while the program runs: how long a good file takes to serve, what changes without end cost in
 * memory, and what one of them costs in throughput.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshFolder, given, type Program, post, removeFolder, startProgram, status, usage } from './bed.ts';
import { type Bench, type Figure, percentile } from './figure.ts';

const lookMs = 3;
/** Changes before memory is looked at: until then it takes what it takes once. */
const warmUps = 50;
const settleMs = 3_000;
const queuedLeast = 20_000;
const listTasks = 1_000;

/** Says which version it is, and when on the wall clock it began: processes have monotonic clocks of their own. */
const source = (version: number) =>
  `export default { type: 'fresh', run: () => ({ at: performance.timeOrigin + performance.now(), version: ${version} }) };\n`;

function save(dir: string, name: string, text: string): void {
  const file = join(dir, 'handlers', name);
  writeFileSync(`${file}.tmp`, text);
  renameSync(`${file}.tmp`, file);
}

async function run(url: string): Promise<{ readonly at: number; readonly version: number }> {
  const answer = await fetch(`${url}/api/v1/tasks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'fresh' }),
  });
  const { task } = (await answer.json()) as { task: { id: string } };
  for (;;) {
    const found = await (await fetch(`${url}/api/v1/tasks/${task.id}`)).json();
    const { state, result } = (found as { task: { state: string; result: never } }).task;
    if (state === 'succeeded') return result;
    await pause(lookMs);
  }
}

/** Saves a version and runs tasks until one runs on it. @returns milliseconds until its first statement */
async function change(dir: string, url: string, version: number): Promise<number> {
  const savedAt = performance.timeOrigin + performance.now();
  save(dir, 'fresh.mjs', source(version));
  for (;;) {
    const began = await run(url);
    if (began.version === version) return began.at - savedAt;
    await pause(lookMs);
  }
}

async function latencyAndMemory(quick: boolean): Promise<Figure[]> {
  const dir = freshFolder();
  writeFileSync(join(dir, 'handlers', 'fresh.mjs'), source(0));
  const { url, child, kill } = await startProgram(dir);
  const took: number[] = [];
  const reloads = quick ? 10 : 500;
  const warm = quick ? 3 : warmUps;
  const memory = async () => {
    await pause(settleMs);
    return usage(child.pid as number).rssBytes;
  };
  for (let version = 1; version <= warm; version++) took.push(await change(dir, url, version));
  const before = await memory();
  for (let version = warm + 1; version <= warm + reloads; version++) await change(dir, url, version);
  const grown = (await memory()) - before;
  await kill();
  removeFolder(dir);
  return [
    { name: 'reload: saved to first task', value: percentile(took, 0.5), unit: 'ms', target: 1_000 },
    { name: `reload: memory after ${reloads} more`, value: grown / 1e6, unit: 'MB', target: 30 },
  ];
}

/** Keeps the queue filled until it is told to stop. */
function feed(url: string): () => Promise<void> {
  const list = Array.from({ length: listTasks }, (_, number) => given(number));
  let ending = false;
  const feeding = (async () => {
    while (!ending) {
      if (((await status(url)).counts['queued'] ?? 0) < queuedLeast) await post(url, '/tasks', list);
      else await pause(lookMs);
    }
  })();
  return () => {
    ending = true;
    return feeding;
  };
}

/** Tasks that succeed a second, for so long, and until that has come about which is to be measured. */
async function rate(url: string, ms: number, happened: Promise<void> = Promise.resolve()): Promise<number> {
  const succeeded = async () => (await status(url)).totals['succeeded'] ?? 0;
  const [since, before] = [performance.now(), await succeeded()];
  await Promise.all([pause(ms), happened]);
  const after = await succeeded();
  return (after - before) / ((performance.now() - since) / 1_000);
}

async function versionOf({ url }: Pick<Program, 'url'>): Promise<string | undefined> {
  const { items } = (await (await fetch(`${url}/api/v1/handlers`)).json()) as {
    items: { type: string; version: string }[];
  };
  return items.find(({ type }) => type === 'noop')?.version;
}

async function begun({ url }: Program): Promise<void> {
  while (((await status(url)).totals['succeeded'] ?? 0) < queuedLeast / 2) await pause(lookMs * 20);
}

async function otherThan(version: string | undefined, program: Program): Promise<void> {
  while ((await versionOf(program)) === version) await pause(lookMs * 20);
}

async function throughput(quick: boolean): Promise<Figure[]> {
  const windowMs = quick ? 2_000 : 15_000;
  const dir = freshFolder();
  const program = await startProgram(dir);
  const stop = feed(program.url);
  await rate(program.url, windowMs / 3, begun(program));
  const before = await rate(program.url, windowMs);
  const version = await versionOf(program);
  save(dir, 'noop.mjs', "export default { type: 'noop', async run() { return null; } };\n");
  const around = await rate(program.url, windowMs, otherThan(version, program));
  await stop();
  await program.kill();
  removeFolder(dir);
  return [
    {
      name: 'reload: throughput lost in its 15 s',
      value: Math.max(0, (1 - around / before) * 100),
      unit: '%',
      target: 10,
    },
    { name: 'no-op tasks before it, submitted over HTTP meanwhile', value: before, unit: 'per second', target: null },
  ];
}

export const reload: Bench = async (quick) => [...(await latencyAndMemory(quick)), ...(await throughput(quick))];
