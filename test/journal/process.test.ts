/**
 * The journal in a real process on a real disk: killed at random and at exact system calls, with a disk that fails under
 * it. More kills: `KILLS=1000 node …/process.test.js`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { verifyFolder } from '../../supervisor/journal/verify.ts';
import { find, needs, needsNamespaces } from '../helpers/needs.ts';

const child = fileURLToPath(new URL('./child.js', import.meta.url));
const kills = Number(process.env['KILLS'] ?? 30);

interface Run {
  readonly process: ChildProcess;
  readonly said: string[];
  /** Last sequence number it acknowledged. */
  acknowledged: number;
  recovered: number | null;
  /** Called with each line. */
  onLine: ((line: string) => void) | null;
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

function start(
  mode: string,
  dir: string,
  options: object,
  wrap: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Run {
  const [command = '', ...args] = [...wrap, process.execPath, child, mode, dir, JSON.stringify(options)];
  const started = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  const lines = createInterface({ input: started.stdout });
  const run: Run = {
    process: started,
    said: [],
    acknowledged: 0,
    recovered: null,
    onLine: null,
    ended: new Promise((resolve) => {
      started.on('close', (code, signal) => resolve({ code, signal }));
    }),
  };
  lines.on('line', (line) => {
    run.said.push(line);
    const [what, number] = line.split(' ');
    if (what === 'acknowledged') run.acknowledged = Number(number);
    if (what === 'recovered') run.recovered = Number(number);
    run.onLine?.(line);
  });
  return run;
}

function folder(t: { teardown(after: () => void): void }): string {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-journal-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Opens once more, compares everything, and checks the files. */
async function recoverAll(
  t: { equal: typeof import('tap').default.equal; ok: typeof import('tap').default.ok },
  dir: string,
  acknowledged: number,
  shape: object = {},
): Promise<void> {
  const run = start('write', dir, { ...shape, batches: 1, acknowledged });
  const { code } = await run.ended;
  t.equal(code, 0, `opens with everything to ${acknowledged}: ${code === 0 ? 'closed' : run.said.join('; ')}`);
  t.ok((run.recovered ?? -1) >= acknowledged);
}

const SHAPES = [
  { lines: 3, chars: 100, segmentBytesMax: 8_000, snapshotEvery: 5 },
  { lines: 200, chars: 8_000, segmentBytesMax: 4_000_000, snapshotEvery: 3 },
  { lines: 20, chars: 1_000, segmentBytesMax: 64_000, snapshotEvery: 2, fsync: 'no' },
] as const;

t.test(
  `killed ${kills} times at random, in small and large batches, rotations, snapshots and starts, it loses nothing`,
  async (t) => {
    for (const shape of SHAPES) {
      const dir = folder(t);
      let acknowledged = 0;
      let torn = 0;
      for (let kill = 0; kill < kills / SHAPES.length; kill++) {
        const run = start('write', dir, { ...shape, acknowledged });
        // Every third dies somewhere in its start, the others after some acknowledgements and a moment more.
        const wanted = kill % 3 === 2 ? 0 : 1 + ((kill * 7) % 15);
        let heard = 0;
        run.onLine = (line) => {
          if (line.startsWith('acknowledged') && ++heard === wanted)
            setTimeout(() => run.process.kill('SIGKILL'), (kill * 13) % 9);
        };
        if (wanted === 0) setTimeout(() => run.process.kill('SIGKILL'), 60 + ((kill * 37) % 150));
        const { code, signal } = await run.ended;
        if (signal !== 'SIGKILL') return t.fail(`it ended by itself: ${code} ${run.said.at(-1)}`);
        acknowledged = Math.max(acknowledged, run.acknowledged, run.recovered ?? 0);
        if (run.said.some((line) => /^recovered \d+ torn/.test(line))) torn++;
      }
      await recoverAll(t, dir, acknowledged, shape);
      t.comment(`${acknowledged} acknowledged, ${torn} torn tails`);
      t.ok(verifyFolder({ dir, bootId: 'any' }).ok);
    }
  },
);

/** Options of strace for one injected fault; counts are per thread, so they fall on the journal's own thread. */
function strace(inject: string, path?: string): string[] {
  const call = inject.split(':')[0] ?? '';
  return [
    find('strace') ?? 'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    ...(path ? ['-P', path] : []),
    '-e',
    `trace=${call}`,
    '-e',
    `inject=${inject}`,
  ];
}

t.test('killed at an exact system call, it loses nothing', needs('strace'), async (t) => {
  const points = [
    ...[1, 2, 3, 4, 5, 6, 9].map((when) => `fdatasync:signal=KILL:when=${when}`),
    ...[1, 2, 3, 4, 5].map((when) => `rename:signal=KILL:when=${when}`),
    ...[1, 2, 3, 4].map((when) => `fsync:signal=KILL:when=${when}`),
    // The first of a thread load the program.
    ...[8, 24, 48, 64].map((when) => `openat:signal=KILL:when=${when}`),
    'ftruncate:signal=KILL:when=1',
    // No unlink: a journal at work moves what it is done with into the trash.
  ];
  const shape = { lines: 2, chars: 200, segmentBytesMax: 2_500, snapshotEvery: 4 };
  for (const point of points) {
    const dir = folder(t);
    const run = start('write', dir, { ...shape, batches: 14 }, strace(point));
    const { signal, code } = await run.ended;
    t.ok(signal === 'SIGKILL' || code === 137, `${point} is reached`);
    await recoverAll(t, dir, run.acknowledged, shape);
  }
});

t.test('an error of fdatasync ends the real program with 74', needs('strace'), async (t) => {
  for (const when of ['4', '4+']) {
    const dir = folder(t);
    const run = start('write', dir, { batches: 50 }, strace(`fdatasync:error=EIO:when=${when}`));
    t.equal((await run.ended).code, 74, run.said.at(-1) ?? '');
    await recoverAll(t, dir, run.acknowledged);
  }
});

t.test(
  'no room for the journal: the ballast helps once; when it stays full the program ends with 74',
  needs('strace'),
  async (t) => {
    const once = folder(t);
    const first = (dir: string) => join(dir, 'journal', '0000000000000001-e000001.ndjson');
    const helped = start(
      'write',
      once,
      { batches: 8, segmentBytesMax: 1e9 },
      strace('write:error=ENOSPC:when=4', first(once)),
    );
    t.equal((await helped.ended).code, 0, helped.said.at(-1) ?? '');
    await recoverAll(t, once, helped.acknowledged);
    const stuck = folder(t);
    const failed = start(
      'write',
      stuck,
      { batches: 8, segmentBytesMax: 1e9 },
      strace('write:error=ENOSPC:when=4+', first(stuck)),
    );
    t.equal((await failed.ended).code, 74, failed.said.at(-1) ?? '');
    await recoverAll(t, stuck, failed.acknowledged);
  },
);

t.test('a write that the disk lost ends the program with 75, before it is acknowledged', needs('strace'), async (t) => {
  const dir = folder(t);
  const run = start(
    'write',
    dir,
    { batches: 8, segmentBytesMax: 1e9 },
    strace('write:retval=10:when=4', join(dir, 'journal', '0000000000000001-e000001.ndjson')),
  );
  t.equal((await run.ended).code, 75, run.said.at(-1) ?? '');
  // The fourth write is the third batch: all before it was acknowledged, and of it nothing.
  t.equal(run.acknowledged, 10);
  const next = start('write', dir, { batches: 1, acknowledged: 10 });
  await next.ended;
  t.match(next.said.join(' '), /Damage.*entries 11 to 15/, 'what no kill explains is looked at by a person first');
});

const SHIM = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
static int calls;
int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  const char *at = getenv("EIO_AT");
  if (at && __sync_add_and_fetch(&calls, 1) == atoi(at)) { errno = EIO; return -1; }
  return real(fd);
}
`;

t.test('a failing sync seen through a preloaded library ends the unchanged program with 74', needs('cc'), async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'shim.c'), SHIM);
  const built = spawnSync('cc', ['-shared', '-fPIC', '-o', join(dir, 'shim.so'), join(dir, 'shim.c'), '-ldl'], {
    encoding: 'utf8',
  });
  t.equal(built.status, 0, built.stderr);
  const run = start('write', dir, { batches: 50 }, [], { LD_PRELOAD: join(dir, 'shim.so'), EIO_AT: '6' });
  t.equal((await run.ended).code, 74, run.said.at(-1) ?? '');
  t.ok(run.acknowledged > 0);
  await recoverAll(t, dir, run.acknowledged);
});

t.test(
  'on a file system that really is full it refuses, goes on and recovers without a restart',
  needsNamespaces('-Urm'),
  async (t) => {
    const dir = folder(t);
    const run = start('fill', dir, { lines: 5, chars: 200 }, [
      'unshare',
      '-Urm',
      'sh',
      '-c',
      `mount -t tmpfs -o size=2m tmpfs ${dir} && exec "$@"`,
      'sh',
    ]);
    t.equal((await run.ended).code, 0, run.said.join('; '));
    t.match(
      run.said.map((line) => line.split(' ')[0]),
      ['recovered', 'full', 'room', 'again'],
    );
  },
);

t.test('a stop as asked is found as such, and the segment it sealed is untouched by later starts', async (t) => {
  const dir = folder(t);
  t.equal((await start('write', dir, { batches: 30, segmentBytesMax: 4_000 }).ended).code, 0);
  const journal = join(dir, 'journal');
  const before = readdirSync(journal)
    .filter((name) => name.endsWith('ndjson'))
    .map((name) => [name, readFileSync(join(journal, name))] as const);
  await recoverAll(t, dir, 150);
  for (const [name, bytes] of before) t.ok(readFileSync(join(journal, name)).equals(bytes), name);
});
