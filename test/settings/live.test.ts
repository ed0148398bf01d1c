/** Settings that change while the supervisor runs: whatever way the file changes, and whoever changes it. */
import { mkdir, mkdtemp, readFile, rename, rm, stat, symlink, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import t, { type Test } from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { editEnv } from '../../supervisor/settings/edit.ts';
import { readEnvFile } from '../../supervisor/settings/env-file.ts';
import { exampleFile } from '../../supervisor/settings/example.ts';
import { type Adopted, LiveSettings } from '../../supervisor/settings/live.ts';
import { type LoadOptions, loadSettings } from '../../supervisor/settings/load.ts';
import { revisionsMax } from '../../supervisor/settings/revisions.ts';

const page = { by: 'page', from: '127.0.0.1 (session)', note: 'for the night' } as const;

interface Bed {
  readonly dir: string;
  readonly file: string;
  readonly live: LiveSettings;
  readonly adopted: Adopted[];
  readonly health: Map<string, string>;
  /** Of what is wrong, as it came up: what the log says. */
  readonly told: string[];
  /** Resolves with the next thing adopted after those seen so far. */
  next(): Promise<Adopted>;
  /** Resolves when the health items hold what is asked for. */
  healthy(holds: (health: ReadonlyMap<string, string>) => boolean): Promise<void>;
}

async function bed(t: Test, text = '', more: Partial<LoadOptions> = {}): Promise<Bed> {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-live-'));
  const file = join(dir, 'nightshift.env');
  await writeFile(file, text, { mode: 0o600 });
  const adopted: Adopted[] = [];
  const health = new Map<string, string>();
  const told: string[] = [];
  let seen = 0;
  let wake = () => {};
  const stirred = () => new Promise<void>((resolve) => (wake = resolve));
  const loaded = await loadSettings({ dataDir: dir, environment: {}, flags: {}, ...more });
  const live = new LiveSettings({
    loaded,
    clock: machineClock,
    health: {
      raise(item) {
        if (item.code === 'settings_wrong' && !health.has(item.code)) told.push(item.message);
        health.set(item.code, item.message);
        wake();
      },
      clear(code) {
        health.delete(code);
        wake();
      },
    },
    log: { info() {} },
    inUse: () => new Set(['r1']),
    adopted(one) {
      adopted.push(one);
      wake();
    },
  });
  live.begin();
  t.teardown(async () => {
    await live.end();
    await rm(dir, { recursive: true, force: true });
  });
  return {
    dir,
    file,
    live,
    adopted,
    health,
    told,
    async next() {
      while (adopted.length <= seen) await stirred();
      return adopted[seen++] as Adopted;
    },
    async healthy(holds) {
      while (!holds(health)) await stirred();
    },
  };
}

const WAYS: Readonly<Record<string, (bed: Bed, text: string) => Promise<void>>> = {
  'written in place': ({ file }, text) => writeFile(file, text),
  'replaced by a rename': async ({ file }, text) => {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  },
  'deleted and made again': async ({ file }, text) => {
    await unlink(file);
    await writeFile(file, text);
  },
  'moved to a backup and written anew, as editors do': async ({ file }, text) => {
    await rename(file, `${file}~`);
    await writeFile(file, text);
    await unlink(`${file}~`);
  },
  'written piece by piece': async ({ file }, text) => {
    await truncate(file, 0);
    for (const char of text) await writeFile(file, char, { flag: 'a' });
  },
  'five times in a burst': async ({ file }, text) => {
    for (let count = 0; count < 4; count++) await writeFile(file, `WORKERS=${count + 1}\n`);
    await writeFile(file, text);
  },
};

for (const [way, change] of Object.entries(WAYS)) {
  t.test(`a file ${way} is taken, once`, async (t) => {
    const here = await bed(t, 'WORKERS=2\n');
    await change(here, 'WORKERS=7\nLOG_LEVEL=debug\n');
    const { settings, keys, revision } = await here.next();
    t.match(settings, { workers: 7, logLevel: 'debug' });
    t.same(keys, ['LOG_LEVEL', 'WORKERS']);
    t.match(revision, { by: 'file', keys: ['LOG_LEVEL', 'WORKERS'] });
    await here.live.look();
    t.equal(here.adopted.length, 1);
    t.equal(here.live.revisions.length, 2);
  });
}

t.test('a file whose folder was replaced is taken', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-live-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const envFile = join(dir, 'etc', 'night.env');
  await mkdir(join(dir, 'etc'));
  await writeFile(envFile, 'WORKERS=2\n');
  const here = await bed(t, '', { envFile });
  await rename(join(dir, 'etc'), join(dir, 'old'));
  await mkdir(join(dir, 'etc'));
  await writeFile(envFile, 'WORKERS=5\n');
  t.equal((await here.next()).settings.workers, 5);
  await writeFile(envFile, 'WORKERS=6\n');
  t.equal((await here.next()).settings.workers, 6, 'and again');
});

t.test(
  'a mistake leaves the last good ones in force, names key and line, and is forgotten once corrected',
  async (t) => {
    const here = await bed(t, 'WORKERS=2\n');
    await writeFile(here.file, 'LOG_LEVEL=debug\nWORKERS=many\n');
    await here.healthy((health) => health.has('settings_wrong'));
    t.match(here.health.get('settings_wrong'), /nightshift\.env line 2: WORKERS must be/);
    t.match(here.live.settings, { workers: 2, logLevel: 'info' });
    t.equal(here.adopted.length, 0);
    await writeFile(here.file, 'LOG_LEVEL=debug\n');
    const { settings, keys } = await here.next();
    t.equal(settings.logLevel, 'debug');
    t.same(keys, ['LOG_LEVEL', 'WORKERS'], 'a key that was taken out is at its default again');
    t.notOk(here.health.has('settings_wrong'));
  },
);

t.test('what is said of a file that is taken goes with what it was said of', async (t) => {
  const here = await bed(t, 'WORKRES=2\n');
  await writeFile(here.file, 'WORKERS=3\nLOG_LEVLE=debug\n');
  t.same((await here.next()).keys, ['WORKERS']);
  t.match(here.health.get('settings_unknown:LOG_LEVLE'), /line 2: LOG_LEVLE .*did you mean LOG_LEVEL/);
  await writeFile(here.file, 'WORKERS=4\n');
  await here.next();
  t.same([...here.health.keys()], []);
});

t.test('a flag that is switched is told, one that is only named is not', async (t) => {
  const here = await bed(t, '');
  await writeFile(here.file, 'FLAG_A=false\nFLAG_B=true\n');
  t.same((await here.next()).switched, [{ flag: 'B', on: true }]);
  await writeFile(here.file, 'FLAG_A=true\n');
  t.same((await here.next()).switched, [
    { flag: 'A', on: true },
    { flag: 'B', on: false },
  ]);
});

t.test('what cannot be an env file is named and changes nothing', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  for (const [make, message] of [
    [() => mkdir(here.file), /is a folder/],
    [() => writeFile(here.file, Buffer.from([0xff, 0x00, 0x41])), /is not UTF-8/],
    [() => writeFile(here.file, '#'.repeat(300_000)), /at most 262144 are read/],
  ] as const) {
    await rm(here.file, { recursive: true });
    await make();
    await here.healthy((health) => message.test(health.get('settings_wrong') ?? ''));
  }
  await rm(here.file);
  await here.healthy((health) => health.has('settings_gone'));
  t.notOk(here.health.has('settings_wrong'), 'a file that is gone has no mistake');
  await mkdir(here.file);
  await here.healthy((health) => health.has('settings_wrong') && !health.has('settings_gone'));
  t.equal(here.live.settings.workers, 2);
  t.equal(here.adopted.length, 0);
});

t.test('the same content, put back where a folder was, is taken again', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  await rm(here.file);
  await mkdir(here.file);
  await here.healthy((health) => health.has('settings_wrong'));
  await rm(here.file, { recursive: true });
  await writeFile(here.file, 'WORKERS=2\n');
  await here.healthy((health) => health.size === 0);
  t.same(here.live.problems, []);
});

t.test('another mistake in a file that is wrong already is told anew, the same one is not', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  for (const text of ['WORKERS=many\n', 'WORKERS=many\n# still\n', 'WORKERS=2\nLIMITS=foo\n']) {
    await writeFile(here.file, text);
    await here.live.look();
  }
  t.match(here.told, [
    /line 1: WORKERS must be auto or a whole number from 1 to 64, not "many"$/,
    /line 2: LIMITS has "foo"; expected [^"]*$/,
  ]);
});

t.test('a key that needs a restart is accepted, named as pending, and no longer when it is put back', async (t) => {
  const here = await bed(t, '');
  await writeFile(here.file, 'FSYNC=everysec\nLOG_LEVEL=warn\n');
  await here.next();
  t.same(here.live.pending, ['FSYNC']);
  t.match(here.health.get('settings_pending'), /^FSYNC has been changed/);
  await writeFile(here.file, 'LOG_LEVEL=warn\n');
  await here.next();
  t.same(here.live.pending, []);
  t.notOk(here.health.has('settings_pending'));
});

t.test(
  'a change from the page goes through the file, keeps its comments, and is a revision with who and why',
  async (t) => {
    const here = await bed(t, '# mine\nWORKERS=2 # two\n# the end\n');
    const revision = await here.live.change({ WORKERS: '4', LOG_LEVEL: 'warn' }, page);
    t.match(revision, { ...page, keys: ['LOG_LEVEL', 'WORKERS'] });
    t.equal(await readFile(here.file, 'utf8'), '# mine\nWORKERS=4\n# the end\nLOG_LEVEL=warn\n');
    t.equal((await stat(here.file)).mode & 0o777, 0o600);
    t.match((await here.next()).settings, { workers: 4, logLevel: 'warn' });
    await here.live.change({ LOG_LEVEL: null }, page);
    t.equal((await here.next()).settings.logLevel, 'info');
    await here.live.look();
    t.equal(here.adopted.length, 2, 'its own writing is no news');
  },
);

t.test('a change that is wrong, or that only the owner of the file may make, changes nothing', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  await t.rejects(here.live.change({ WORKERS: 'many' }, page), {
    code: 'validation',
    mistakes: [{ path: '$.changes.WORKERS' }],
  });
  for (const key of [
    'COMMANDS',
    'ALLOW_SHELL',
    'LIBRARY_DIR',
    'ALLOW_PRIVATE_ADDRESSES',
    'BACKUP_PATHS',
    'WEB_TOKEN',
    'HANDLER_PATH',
  ])
    await t.rejects(here.live.change({ [key]: 'x' }, page), { code: 'forbidden', message: new RegExp(key) });
  t.equal(await readFile(here.file, 'utf8'), 'WORKERS=2\n');
  t.equal(here.live.revisions.length, 1);
});

t.test('an older revision can be brought back, but not what only the file may change', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  await here.live.change({ WORKERS: '5' }, page);
  await here.live.apply('r1', { by: 'apply', from: 'cli', note: null });
  t.equal(here.live.settings.workers, 2);
  t.same(
    here.live.revisions.map(({ id, by }) => [id, by]),
    [
      ['r3', 'apply'],
      ['r2', 'page'],
      ['r1', 'file'],
    ],
  );
  await writeFile(here.file, 'WORKERS=2\nALLOW_SHELL=true\n');
  while (here.live.revision?.id !== 'r4') await here.next();
  await t.rejects(here.live.apply('r1', { by: 'apply', from: null, note: null }), {
    code: 'forbidden',
    message: /ALLOW_SHELL/,
  });
  await t.rejects(here.live.apply('r99', { by: 'apply', from: null, note: null }), { code: 'not_found' });
});

t.test('a linked env file stays a link', async (t) => {
  const here = await bed(t, '');
  await rename(here.file, join(here.dir, 'real.env'));
  await symlink('real.env', here.file);
  await here.live.change({ WORKERS: '3' }, page);
  t.equal(await readFile(join(here.dir, 'real.env'), 'utf8'), 'WORKERS=3\n');
  t.equal(await readFile(here.file, 'utf8'), 'WORKERS=3\n');
});

t.test('a revision that a task was created with outlives the limit, and its values can be read', async (t) => {
  const here = await bed(t, 'WORKERS=2\nHANDLER_WHO=anna\n');
  for (let count = 0; count < revisionsMax + 2; count++) {
    await writeFile(here.file, `WORKERS=${(count % 9) + 1}\n#${count}\n`);
    await here.live.look();
  }
  const ids = here.live.revisions.map(({ id }) => id);
  t.equal(ids.length, revisionsMax + 1);
  t.equal(ids.at(-1), 'r1');
  t.equal(here.live.textsOf('r1')?.get('HANDLER_WHO'), 'anna');
  t.equal(here.live.textsOf('r2'), null, 'the others are gone');
});

t.test('whatever is changed, the file then says that and all else as before', async (t) => {
  const key = fc.constantFrom('WORKERS', 'LIMITS', 'LOG_LEVEL', 'HANDLER_A', 'HANDLER_B');
  const value = fc
    .string({
      unit: fc.constantFrom('a', ' ', '#', '=', '"', "'", '\\', 'n', '$', '{', '\n', 'ü'),
      maxLength: 8,
    })
    .filter((text) => !/\n\s*#/.test(text));
  const start = fc.constantFrom(
    '',
    exampleFile(),
    '# one\nWORKERS=3\n\nexport LIMITS="type:a=1"\nHANDLER_A=\'two\nlines\'\n# end',
  );
  fc.assert(
    fc.property(start, fc.dictionary(key, fc.option(value, { nil: null }), { maxKeys: 4 }), (text, changes) => {
      const values = (content: string) =>
        new Map(readEnvFile(Buffer.from(content)).entries.map((entry) => [entry.key, entry.value] as const));
      const expected = values(text);
      for (const [name, to] of Object.entries(changes)) {
        if (to === null) expected.delete(name);
        else expected.set(name, to);
      }
      const after = editEnv(text, changes);
      const comments = (content: string) => content.split('\n').filter((line) => line.startsWith('#'));
      if (comments(after).join('\n') !== comments(text).join('\n')) throw new Error(`comments differ:\n${after}`);
      if (JSON.stringify([...values(after)].sort()) !== JSON.stringify([...expected].sort()))
        throw new Error(`values differ:\n${after}`);
    }),
    { numRuns: 500 },
  );
  t.pass();
});
