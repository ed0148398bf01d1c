/**
 * Kills the real program at random moments while `library.full` takes a collection from its feeds to a real S3 store, and
 * compares what is there in the end with what an undisturbed run leaves.
 * `npm run crash:library -- [--tracks 2000] [--kills 50] [--seed N]`.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import type { Track } from '../../workers/library-contract.ts';
import { bucket, Middleman, s3Keys, startS3 } from '../helpers/object-stores.ts';
import { dataFolder, eventually, type Folder, SupervisorProcess } from '../helpers/supervisor-process.ts';
import { chanceOf } from './chance.ts';
import { FeedsServer } from './feeds-server.ts';

export interface LibraryCrashOptions {
  readonly tracks: number;
  readonly kills: number;
  readonly seed: number;
  readonly say?: (line: string) => void;
}

export interface LibraryCrashReport {
  readonly seed: number;
  readonly tracks: number;
  /** Those that found the run under way. */
  readonly kills: number;
  readonly interruptedAttempts: number;
  /** Of one file, from the first byte to the last. */
  readonly mostDownloads: number;
  readonly uploads: number;
  /** What went wrong, in sentences; empty when every promise was kept. */
  readonly broken: readonly string[];
}

const feeds = 5;
/** How long a life goes on, at most, once something was done in it. */
const lifeMsMore = 1_500;
const endMsMax = 900_000;
const doneMsMax = 120_000;
const brokenSaidMax = 20;

type ListedTrack = Track & { readonly state: string };

/** What one library holds in the end. */
interface Ending {
  readonly run: RunRecord;
  readonly tracks: readonly ListedTrack[];
  /** SHA-256 by path. */
  readonly files: ReadonlyMap<string, string>;
  readonly kills: number;
  /** Attempts that a kill cut, by the name of the file they were about. */
  readonly interrupted: ReadonlyMap<string, number>;
  /** How often each object was stored. */
  readonly puts: ReadonlyMap<string, number>;
  /** How often each file was given whole. */
  readonly whole: ReadonlyMap<string, number>;
}

export async function crashLibrary(options: LibraryCrashOptions): Promise<LibraryCrashReport> {
  const { tracks, seed, kills, say = () => {} } = options;
  const teardowns: (() => unknown)[] = [];
  const test = { teardown: (call: () => unknown) => void teardowns.push(call) };
  try {
    const server = await FeedsServer.start(tracks, feeds, seed);
    teardowns.push(() => server.close());
    const still = await live(test, server, { ...options, kills: 0 });
    say(`undisturbed: ${still.run.state}, ${still.files.size} files`);
    server.whole.clear();
    const killed = await live(test, server, options);
    say(`killed ${killed.kills} of ${kills} times: ${killed.run.state}, ${killed.files.size} files`);
    return {
      seed,
      tracks,
      kills: killed.kills,
      interruptedAttempts: sum(killed.interrupted),
      mostDownloads: Math.max(...killed.whole.values()),
      uploads: sum(killed.puts),
      broken: [...differences(still, killed), ...broken(killed, server)].slice(0, brokenSaidMax),
    };
  } finally {
    for (const call of teardowns.reverse()) await call();
  }
}

async function live(
  test: { teardown(call: () => unknown): void },
  server: FeedsServer,
  { tracks, kills, seed, say = () => {} }: LibraryCrashOptions,
): Promise<Ending> {
  const s3 = await startS3(test);
  const middleman = await Middleman.start(test, s3.port, s3Keys.secretKey);
  const folder = dataFolder();
  test.teardown(() => folder.remove());
  writeFileSync(join(folder.dir, 'sources.yaml'), `- { name: pool, kind: opml, url: "${server.address}/pool.opml" }\n`);
  const settings = {
    OBJECT_ENDPOINT: middleman.address,
    OBJECT_BUCKET: bucket,
    OBJECT_ACCESS_KEY: s3Keys.accessKey,
    OBJECT_SECRET_KEY: s3Keys.secretKey,
    ALLOW_PRIVATE_ADDRESSES: '127.0.0.1',
    DOWNLOAD_CONCURRENCY: '8',
  };
  let supervisor = await SupervisorProcess.start(folder, { settings });
  test.teardown(() => supervisor.kill());
  const { body } = await supervisor.call<{ run: RunRecord }>('POST', '/runs', { pipeline: 'library.full' });
  const runOf = async () => (await supervisor.call<{ run: RunRecord }>('GET', `/runs/${body.run.id}`)).body.run;
  const chance = chanceOf(seed);
  let killed = 0;
  let succeeded = 0;
  while (killed < kills) {
    // One that is killed thrice while it runs alone is to be given up: each life gets something done.
    const before = succeeded;
    await eventually(
      'something to be done',
      async () => {
        const { finishedAt, counts } = await runOf();
        return finishedAt !== null || counts.succeeded > before ? true : null;
      },
      doneMsMax,
    );
    await wait(chance() * lifeMsMore);
    const { finishedAt, counts } = await runOf();
    if (finishedAt !== null) break;
    succeeded = counts.succeeded;
    await supervisor.kill();
    killed++;
    if (killed % 10 === 0) say(`kill ${killed}: ${counts.succeeded} tasks have succeeded`);
    supervisor = await SupervisorProcess.start(folder, { settings });
  }
  const run = await eventually('the run to end', async () => ((await runOf()).finishedAt ? runOf() : null), endMsMax);
  const tasks = await supervisor.tasks(`&run=${run.id}`);
  const listed = await allTracks(supervisor);
  if (listed.length !== tracks) {
    const failed = tasks
      .filter(({ state }) => state !== 'succeeded')
      .map(({ type, error }) => `${type}: ${error?.message}`);
    throw new Error(
      `the catalog has ${listed.length} tracks instead of ${tracks}; the run ${run.state}: ${failed.join(', ')}`,
    );
  }
  const names = new Map(listed.map(({ id, key }) => [id, key]));
  const interrupted = new Map<string, number>();
  for (const { params, attempts } of tasks) {
    const name = names.get((params as { track?: string }).track ?? '') ?? '';
    const cut = attempts.filter(({ outcome }) => outcome === 'interrupted').length;
    if (cut > 0) interrupted.set(name, (interrupted.get(name) ?? 0) + cut);
  }
  const puts = new Map<string, number>();
  for (const { path } of middleman.of('PUT')) puts.set(path, (puts.get(path) ?? 0) + 1);
  const ending = { run, tracks: listed, files: filesOf(folder), kills: killed, interrupted, puts, whole: server.whole };
  await supervisor.kill();
  return { ...ending, whole: new Map(server.whole) };
}

async function allTracks(supervisor: SupervisorProcess): Promise<readonly ListedTrack[]> {
  const all: ListedTrack[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body }: { body: { items: ListedTrack[]; next: string | null } } = await supervisor.call(
      'GET',
      `/library/tracks?limit=500${from}`,
    );
    all.push(...body.items);
    cursor = body.next;
  }
  return all;
}

/** What lies in the library, without what is hidden. */
function filesOf({ dir }: Folder): ReadonlyMap<string, string> {
  const library = join(dir, 'library');
  const entries = readdirSync(library, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const seen = paths.map((path) => path.slice(library.length + 1)).filter((path) => !/(^|\/)\./.test(path));
  return new Map(
    seen.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(library, path)))
        .digest('hex'),
    ]),
  );
}

/** Which of several tracks with the same bytes names their file is decided by who comes first, so names of these are left out. */
function differences(still: Ending, killed: Ending): readonly string[] {
  const [before, after] = [still, killed].map(({ tracks }) => new Map(tracks.map((track) => [track.id, track])));
  const wrong: string[] = [];
  if (killed.run.state !== still.run.state)
    wrong.push(`the run ${killed.run.state}, undisturbed it ${still.run.state}`);
  for (const [id, track] of before ?? []) {
    const other = after?.get(id);
    if (other?.state !== track.state || other?.file?.sha256 !== track.file?.sha256)
      wrong.push(`${track.title} is ${other?.state} with ${other?.file?.sha256}, undisturbed ${track.state}`);
  }
  const [theirs, ours] = [still, killed].map(({ files }) => JSON.stringify([...files.values()].sort()));
  if (theirs !== ours) wrong.push(`the library has ${killed.files.size} files, undisturbed ${still.files.size}`);
  return wrong;
}

function broken({ tracks, files, puts, whole, interrupted }: Ending, server: FeedsServer): readonly string[] {
  const wrong: string[] = [];
  for (const { key, title, state, file, upload } of tracks) {
    if (state !== 'uploaded' || !file || !upload) wrong.push(`${title} is ${state}`);
    else if (files.get(file.path) !== server.digests.get(key)) wrong.push(`${title} is not what was served`);
  }
  for (const [name, times] of whole)
    if (times > 1 + (interrupted.get(name) ?? 0))
      wrong.push(`${name} was downloaded ${times} times, and interrupted ${interrupted.get(name) ?? 0} times`);
  for (const [path, times] of puts) if (times > 1) wrong.push(`${path} was uploaded ${times} times`);
  return wrong;
}

function sum(numbers: ReadonlyMap<string, number>): number {
  return [...numbers.values()].reduce((all, one) => all + one, 0);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tracks: { type: 'string', default: '2000' },
      kills: { type: 'string', default: '50' },
      seed: { type: 'string' },
    },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  console.log(`seed ${seed}`);
  const { tracks, kills } = values;
  const report = await crashLibrary({ tracks: Number(tracks), kills: Number(kills), seed, say: console.log });
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.broken.length === 0 ? 0 : 1;
}

if (import.meta.url === `file://${process.argv[1]}`) await main();
