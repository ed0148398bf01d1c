/**
 * `npm run demo`: a real supervisor on a throwaway folder, a small server with audio made at this moment, and task files
 * dropped into the inbox one after another. It goes on serving until Ctrl-C; with `--once` it ends when all is done,
 * with 0 only if every file has arrived byte for byte.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeScreen, type Row, type Screen } from './screen.ts';
import { startSupervisor } from './supervisor-process.ts';
import { serveTones, type ToneServer } from './tone-server.ts';
import { makeTones, type Tone } from './tones.ts';

/** Slow enough to watch, or as fast as is still fair to call a download. */
const PACE = {
  watched: { bytesPerSecond: 90_000, betweenFilesMs: 1_200, allMsMax: 120_000 },
  once: { bytesPerSecond: 800_000, betweenFilesMs: 150, allMsMax: 60_000 },
} as const;
const lookEveryMs = 120;
const reportName = 'morning report';

interface Task {
  readonly state: string;
  readonly type: string;
  readonly params: { readonly url: string };
  readonly progress: { readonly done: number; readonly total: number | null; readonly text: string | null } | null;
  readonly error: { readonly message: string } | null;
  readonly result: { readonly path?: string } | null;
}

interface Stage {
  readonly screen: Screen;
  readonly url: string;
  readonly inbox: string;
  readonly library: string;
  readonly server: ToneServer;
  readonly tones: readonly Tone[];
  readonly pace: (typeof PACE)[keyof typeof PACE];
  readonly signal: AbortSignal;
}

async function demo(once: boolean, signal: AbortSignal): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-demo-'));
  const library = join(folder, 'library');
  mkdirSync(library);
  const pace = once ? PACE.once : PACE.watched;
  const tones = makeTones();
  const server = await serveTones(tones, pace.bytesPerSecond);
  const screen = makeScreen(process.stdout);
  const supervisor = await startSupervisor(join(folder, 'data'), {
    LIBRARY_DIR: library,
    WORKERS: '2',
    DRAIN_TIMEOUT: '2s',
  }).catch((thrown) => {
    server.close();
    screen.close();
    throw thrown;
  });
  const unexpected = new AbortController();
  void supervisor.ended.then((code) => unexpected.abort(new Error(`the supervisor ended with ${code}`)));
  try {
    screen.say(`Page     ${supervisor.url}/`);
    screen.say(`Data     ${join(folder, 'data')}`);
    screen.say(`Library  ${library}\n`);
    const stage = { screen, url: supervisor.url, inbox: join(folder, 'data', 'inbox'), library, server, tones, pace };
    const wrong = await play({ ...stage, signal: AbortSignal.any([signal, unexpected.signal]) });
    screen.settle();
    for (const line of wrong) screen.say(`✘ ${line}`);
    if (wrong.length === 0) screen.say(`\n${tones.length} files arrived byte for byte in ${library}`);
    if (once) screen.say(`Its files are still there: rm -r ${folder}`);
    else screen.say(`Page     ${supervisor.url}/`);
    if (!once) await serveOn(screen, folder, AbortSignal.any([signal, unexpected.signal]));
    return wrong.length === 0 ? 0 : 1;
  } catch (thrown) {
    if (signal.aborted) return once ? 1 : 0;
    // A request may fail before we hear that nobody is left to answer it.
    await Promise.race([supervisor.ended, wait(1_000)]);
    throw unexpected.signal.aborted ? unexpected.signal.reason : thrown;
  } finally {
    if (signal.aborted) screen.say('\nStopping …');
    screen.close();
    await supervisor.stop();
    server.close();
  }
}

/** @returns what went wrong */
async function play(stage: Stage): Promise<readonly string[]> {
  const { screen, tones, pace } = stage;
  const deadline = performance.now() + pace.allMsMax;
  const dropping = dropAll(stage);
  // Its end is awaited below; until then a failure must not count as unhandled.
  dropping.catch(() => undefined);
  for (;;) {
    const tasks = await readTasks(stage);
    const rows = rowsOf(tones, tasks);
    screen.show(rows);
    const finished = rows.filter(({ state }) => ['succeeded', 'failed', 'canceled'].includes(state));
    if (finished.length === rows.length) break;
    if (performance.now() > deadline)
      return rows.filter((row) => !finished.includes(row)).map(({ name, state }) => `${name} is still ${state}`);
    await Promise.race([wait(lookEveryMs, null, { signal: stage.signal }), dropping.then(() => wait(lookEveryMs))]);
  }
  await dropping;
  return [
    ...failuresOf(await readTasks(stage)),
    ...differencesOf(stage),
    ...(stage.server.reports.length > 0 ? [] : ['the report did not arrive']),
  ];
}

/** As a person or another program would: a file beside, then moved in, so that it is never seen half-written. */
async function dropAll({ inbox, tones, server, pace, signal }: Stage): Promise<void> {
  for (const { name, content } of tones) {
    drop(inbox, `${name}.json`, `${JSON.stringify(downloadTask(server.url, name, content), null, 2)}\n`);
    await wait(pace.betweenFilesMs, null, { signal });
  }
  drop(inbox, `${reportName}.yaml`, reportTask(server.url, tones.length));
}

function downloadTask(url: string, name: string, content: Buffer): object {
  const digest = `sha256:${sha256(content)}`;
  return { type: 'http.download', params: { url: `${url}/${encodeURIComponent(name)}`, name, digest }, tags: ['demo'] };
}

function reportTask(url: string, files: number): string {
  return `# A webhook call, as YAML
type: http.request
tags: [demo]
params:
  url: ${url}/report
  method: POST
  body: { text: ${files} files ordered for tonight }
`;
}

function drop(inbox: string, name: string, text: string): void {
  const beside = join(inbox, `.${name}.tmp`);
  writeFileSync(beside, text);
  renameSync(beside, join(inbox, name));
}

async function readTasks({ url, signal }: Stage): Promise<readonly Task[]> {
  const response = await fetch(`${url}/api/v1/tasks?tag=demo&limit=100`, { signal });
  if (!response.ok) throw new Error(`the supervisor answered ${response.status}: ${await response.text()}`);
  return ((await response.json()) as { items: Task[] }).items;
}

function rowsOf(tones: readonly Tone[], tasks: readonly Task[]): readonly Row[] {
  const files = tones.map(({ name }) =>
    rowOf(
      name,
      tasks.find(({ params }) => params.url.endsWith(`/${encodeURIComponent(name)}`)),
    ),
  );
  return [
    ...files,
    rowOf(
      reportName,
      tasks.find(({ type }) => type === 'http.request'),
    ),
  ];
}

function rowOf(name: string, task: Task | undefined): Row {
  if (!task) return { name, state: 'not dropped yet', share: null, text: '' };
  const { state, progress, error } = task;
  const share = state === 'succeeded' ? 1 : progress?.total ? progress.done / progress.total : null;
  return { name, state, share, text: state === 'running' ? (progress?.text ?? '') : (error?.message ?? '') };
}

function failuresOf(tasks: readonly Task[]): readonly string[] {
  return tasks
    .filter(({ state }) => state !== 'succeeded')
    .map(({ type, params, error }) => `${type} ${params.url}: ${error?.message}`);
}

function differencesOf({ library, tones }: Stage): readonly string[] {
  return tones.flatMap(({ name, content }) => {
    try {
      return sha256(readFileSync(join(library, name))) === sha256(content)
        ? []
        : [`${name} differs from what was served`];
    } catch (thrown) {
      return [`${name} is not in the library: ${(thrown as Error).message}`];
    }
  });
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** @throws when the supervisor ends by itself */
async function serveOn(screen: Screen, folder: string, signal: AbortSignal): Promise<void> {
  screen.say(
    `\nDrop task files of your own into ${join(folder, 'data', 'inbox')}. Ctrl-C ends the demo; its files stay until: rm -r ${folder}`,
  );
  await new Promise<void>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
const interrupted = new AbortController();
// npm passes on a Ctrl-C that the terminal has sent us already: the second must not cut the first one short.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
process.exitCode = await demo(values.once, interrupted.signal).catch((thrown: Error) => {
  console.error(thrown.message);
  return 1;
});
