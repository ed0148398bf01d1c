import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { anybody, freshFolder, openTestSupervisor, removeFolder } from '../helpers/open-supervisor.ts';

const OFTEN = {
  name: 'often',
  task: { type: 'scripted', params: { end: 'ok' } },
  when: { kind: 'daily', at: '02:00' },
  overlap: 'allow',
};

function linesIn(dataDir: string): readonly string[] {
  const folder = join(dataDir, 'ledger');
  return readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
}

t.test('a crash and a replay write no line of the ledger twice, and lose none', async (t) => {
  const dataDir = freshFolder();
  t.teardown(() => removeFolder(dataDir));
  const first = await openTestSupervisor(dataDir);
  await first.schedules.create(OFTEN, anybody);
  for (let run = 0; run < 3; run++) await first.schedules.run('often', anybody);
  await first.ledger.sync();
  const lines = linesIn(dataDir);
  t.equal(lines.length, 3);
  await first.crash();
  const second = await openTestSupervisor(dataDir);
  await second.schedules.run('often', anybody);
  await second.crash();
  const third = await openTestSupervisor(dataDir);
  await third.ledger.sync();
  t.strictSame(linesIn(dataDir).slice(0, 3), lines);
  t.equal(linesIn(dataDir).length, 4);
  const { items } = await third.schedules.occurrences('often', { limit: 10, after: null });
  t.equal(items.length, 4);
  await third.stop();
});

t.test('no snapshot is published before the lines it makes the journal forget are on disk', async (t) => {
  const dataDir = freshFolder();
  t.teardown(() => removeFolder(dataDir));
  const supervisor = await openTestSupervisor(dataDir);
  const { ledger, journal } = supervisor;
  const seen: string[] = [];
  const sync = ledger.sync.bind(ledger);
  ledger.sync = async () => {
    await sync();
    seen.push(`${linesIn(dataDir).length} lines on disk`);
  };
  const snapshot = journal.snapshot.bind(journal);
  let due = true;
  Object.defineProperty(journal, 'snapshotDue', { get: () => due });
  const published = new Promise<void>((resolve) => {
    journal.snapshot = async (source, seq) => {
      due = false;
      await snapshot(source, seq);
      seen.push('published');
      resolve();
    };
  });
  await supervisor.schedules.create(OFTEN, anybody);
  await supervisor.schedules.run('often', anybody);
  supervisor.begin();
  await supervisor.schedules.run('often', anybody);
  await published;
  t.match(seen, [/^[12] lines on disk$/, 'published']);
  await supervisor.stop();
});
