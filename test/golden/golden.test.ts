/** Data folders of every format there has been open as they did when they were written, and damage costs its month alone. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { formatVersion } from '../../supervisor/journal/version.ts';
import { removeFolder, type TestSupervisor } from '../helpers/open-supervisor.ts';
import { copyOf, look, openStill } from './look.ts';

// Each test starts the whole supervisor several times.

const golden = join(dirname(createRequire(import.meta.url).resolve('nightshift/package.json')), 'test', 'golden');
const formats = readdirSync(golden).filter((name) => /^\d+$/.test(name));

interface Expected {
  readonly lookedAt: number;
  readonly tasks: readonly { readonly id: string; readonly finishedAt: string | null }[];
}

function expectedOf(folder: string): Expected {
  return JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
}

async function opened(t: Test, dataDir: string, at: number): Promise<TestSupervisor> {
  const supervisor = await openStill(dataDir, at);
  t.teardown(() => supervisor.crash());
  return supervisor;
}

t.test('a folder of every format is listed, paged, counted and told of as it was when it was written', async (t) => {
  t.ok(formats.includes(String(formatVersion)), 'one of the present format is there');
  for (const format of formats) {
    for (const name of readdirSync(join(golden, format))) {
      const { lookedAt, ...expected } = expectedOf(join(golden, format, name));
      for (const indexed of [true, false]) {
        const dataDir = copyOf(join(golden, format, name));
        t.teardown(() => removeFolder(dataDir));
        const index = join(dataDir, 'history', 'index');
        // A file that is no index, in place of each: made again of the records.
        if (!indexed) for (const file of readdirSync(index)) writeFileSync(join(index, file), 'nothing');
        const supervisor = await openStill(dataDir, lookedAt);
        const which = `${format}/${name}${indexed ? '' : ' without its index'}`;
        t.same(await look(supervisor), expected, which);
        t.same((await supervisor.front.status()).health, [], `${which}: nothing is wrong`);
        t.same(supervisor.faults, []);
        await supervisor.crash();
      }
    }
  }
});

t.test('a month that was edited by hand, or cut, is named, and every other month is whole', async (t) => {
  for (const format of formats) {
    const folder = join(golden, format, 'plain');
    const { lookedAt, tasks } = expectedOf(folder);
    const finishedIn = (month: string) => tasks.filter(({ finishedAt }) => finishedAt?.startsWith(month));
    const hands = {
      edited: (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('"value":2', '"value":9')),
      cut: (path: string) => truncateSync(path, readFileSync(path).length - 40),
    };
    for (const [name, damage] of Object.entries(hands)) {
      const dataDir = copyOf(folder);
      t.teardown(() => removeFolder(dataDir));
      damage(join(dataDir, 'history', '2026-08.ndjson'));
      const supervisor = await opened(t, dataDir, lookedAt);
      const { items } = await supervisor.front.tasks({ filter: {}, limit: 500, after: null, order: 'newest' });
      const lost = finishedIn('2026-08').filter(({ id }) => !items.some((item) => item.id === id));
      t.equal(lost.length, 1, `${name}: the record it was done to is not told for true`);
      t.equal(items.length, tasks.length - 1, `${name}: all others are there`);
      t.match(
        (await supervisor.front.status()).health,
        [
          {
            code: 'history-damage:2026-08.ndjson',
            severity: 'error',
            message: /^2026-08\.ndjson is damaged at byte \d+: /,
          },
        ],
        name,
      );
      t.same(supervisor.faults, []);
      t.ok(existsSync(join(dataDir, 'history', '2026-08.ndjson')), 'and stays where it is');
    }
  }
});
