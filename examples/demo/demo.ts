/**
 * `npm run demo`: a real supervisor on a throwaway folder, a small server with a media collection made at this moment, and
 * a run that takes all of it through `collect → sync → download → upload`. It goes on serving until Ctrl-C; with `--once`
 * it ends when all is done, with 0 only if every file is byte for byte where it belongs.
 */
import { mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Api, type Run, type Stage, type Task } from './api.ts';
import { mistakesOf, type Places, summaryOf } from './check.ts';
import { type Collection, makeCollection } from './collection.ts';
import { serveCollection } from './collection-server.ts';
import { makeScreen, type Row, type Screen } from './screen.ts';
import { startSupervisor } from './supervisor-process.ts';

/** Slow enough to watch, or as fast as is still fair to call a download. */
const PACE = {
  watched: { bytesPerSecond: 90_000, allMsMax: 180_000 },
  once: { bytesPerSecond: 800_000, allMsMax: 120_000 },
} as const;
const lookEveryMs = 150;
const pipeline = 'library.full';

async function demo(once: boolean, signal: AbortSignal): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-demo-'));
  const places = { data: join(folder, 'data'), library: join(folder, 'library'), objects: join(folder, 'objects') };
  for (const place of Object.values(places)) mkdirSync(place);
  const pace = once ? PACE.once : PACE.watched;
  const collection = makeCollection();
  const server = await serveCollection(collection, pace.bytesPerSecond);
  const screen = makeScreen(process.stdout);
  writeFileSync(join(places.data, 'sources.yaml'), collection.sources(server.url));
  const supervisor = await startSupervisor(places.data, {
    LIBRARY_DIR: places.library,
    OBJECT_ENDPOINT: pathToFileURL(places.objects).href,
    ALLOW_PRIVATE_ADDRESSES: '127.0.0.1',
    WORKERS: '2',
    DRAIN_TIMEOUT: '2s',
  }).catch((thrown) => {
    server.close();
    screen.close();
    throw thrown;
  });
  const unexpected = new AbortController();
  void supervisor.ended.then((code) => unexpected.abort(new Error(`the supervisor ended with ${code}`)));
  const stopped = AbortSignal.any([signal, unexpected.signal]);
  try {
    screen.say(`Page     ${supervisor.url}/`);
    screen.say(`Data     ${places.data}`);
    screen.say(`Library  ${places.library}`);
    screen.say(`Objects  ${places.objects}\n`);
    const wrong = await play(screen, new Api(supervisor.url, stopped), collection, places, pace.allMsMax, stopped);
    for (const line of wrong) screen.say(`✘ ${line}`);
    if (once) screen.say(`Its files are still there: rm -r ${folder}`);
    else {
      screen.say(`Page     ${supervisor.url}/`);
      await serveOn(screen, folder, places, stopped);
    }
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
async function play(
  screen: Screen,
  api: Api,
  collection: Collection,
  places: Places,
  allMsMax: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const deadline = performance.now() + allMsMax;
  drop(join(places.data, 'inbox'), 'tonight.json', `${JSON.stringify({ run: { pipeline } })}\n`);
  for (;;) {
    const run = await api.newestRun(pipeline);
    if (run) {
      const tasks = await api.tasksOf(run.id);
      screen.show(rowsOf(run, tasks));
      // A watcher need not sit out the pause before a download is tried again.
      for (const { id, state } of tasks) if (state === 'retrying') await api.promote(id).catch(passOverLate);
      if (run.finishedAt !== null) break;
    }
    if (performance.now() > deadline) return [`the run did not end in ${allMsMax / 1_000} s`];
    await wait(lookEveryMs, null, { signal });
  }
  screen.settle();
  const tracks = await api.tracks();
  for (const line of summaryOf(tracks)) screen.say(line);
  return mistakesOf(collection, tracks, places);
}

/** It may have begun by itself in between. */
function passOverLate(thrown: Error): void {
  if (!thrown.message.includes('answered 409')) throw thrown;
}

/** As a person or another program would: a file beside, then moved in, so that it is never seen half-written. */
function drop(inbox: string, name: string, text: string): void {
  const beside = join(inbox, `.${name}.tmp`);
  writeFileSync(beside, text);
  renameSync(beside, join(inbox, name));
}

function rowsOf({ stages }: Run, tasks: readonly Task[]): readonly Row[] {
  const downloads = tasks.filter(({ run, label }) => run?.stage === 'download' && label !== undefined);
  return [...stages.map(stageRow), ...downloads.map(trackRow)];
}

function stageRow({ name, state, counts }: Stage): Row {
  const { accepted, succeeded, failed, canceled } = counts;
  const ended = succeeded + failed + canceled;
  const text = `${ended} of ${accepted}${failed > 0 ? `, ${failed} failed` : ''}`;
  return { name, state, share: accepted === 0 ? null : ended / accepted, text };
}

function trackRow({ label, state, progress, error }: Task): Row {
  const share = state === 'succeeded' ? 1 : progress?.total ? progress.done / progress.total : null;
  const text = state === 'running' ? (progress?.text ?? '') : (error?.message ?? '');
  return { name: `  ${label}`, state, share, text };
}

/** @throws when the supervisor ends by itself */
async function serveOn(screen: Screen, folder: string, places: Places, signal: AbortSignal): Promise<void> {
  screen.say(
    `\nDrop task files of your own into ${join(places.data, 'inbox')}. Ctrl-C ends the demo; its files stay until: rm -r ${folder}`,
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
