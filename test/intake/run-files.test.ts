/** Runs from the inbox, with the journal and the supervisor they go to. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { Health } from '../../supervisor/health.ts';
import { openInbox } from '../../supervisor/inbox-door.ts';
import { machineFiles } from '../../supervisor/intake/files.ts';
import type { Log } from '../../supervisor/log.ts';
import { freshFolder, openTestSupervisor, removeFolder, type TestSupervisor } from '../helpers/open-supervisor.ts';
import { drop, mistakesOf, names, noWatch } from './inbox-parts.ts';

const dataDir = freshFolder();
for (const name of ['pipelines', 'inbox']) mkdirSync(join(dataDir, name));
writeFileSync(join(dataDir, 'pipelines', 'night.yaml'), 'stages: [{ name: only, type: scripted }]');
writeFileSync(join(dataDir, 'pipelines', 'later.yaml'), 'stages: [{ name: only, type: nobody.yet }]');
let opened: TestSupervisor = await openTestSupervisor(dataDir);
t.teardown(async () => {
  await opened.stop();
  removeFolder(dataDir);
});

/** Drops a file and has the inbox take it, as a start does with what is there. */
async function take(name: string, content: unknown): Promise<void> {
  await drop(dataDir, name, typeof content === 'string' ? content : JSON.stringify(content));
  const silent = () => {};
  const door = openInbox({
    dataDir,
    settings: () => ({ inboxSettleMs: 0, inboxRetentionMs: null, inboxOwners: [] }),
    opened,
    health: new Health(machineClock),
    log: { debug: silent, info: silent, warn: silent, error: silent } as unknown as Log,
    clock: machineClock,
    disk: { files: machineFiles, watch: noWatch },
  });
  await door.started;
  await door.stop();
}

async function runs() {
  return (await opened.runs.list({ limit: 50, after: null })).items;
}

const night = { run: { pipeline: 'night', params: { value: 7 }, sources: ['a'], priority: 7 } };

t.test('a dropped run starts, alone or among tasks, also where its handler is yet to come', async (t) => {
  await take('night.json', night);
  await take('both.yaml', '- { type: scripted, params: { value: 1 } }\n- run: { pipeline: later }\n');
  const [later, first] = await runs();
  t.match(later, { pipeline: 'later', state: 'queued', createdBy: 'inbox:both.yaml', counts: { accepted: 1 } });
  t.match(first, {
    pipeline: 'night',
    priority: 7,
    sources: ['a'],
    params: { value: 7 },
    createdBy: 'inbox:night.json',
  });
  t.equal(opened.state.tasks.size, 3);
  t.equal((await names(dataDir, 'accepted')).length, 2);
});

t.test('a file with a mistake starts nothing, and each mistake has its place', async (t) => {
  const before = (await runs()).length;
  await take('unknown.json', [night, { run: { pipeline: 'nightly' } }]);
  t.match(await mistakesOf(dataDir, 'unknown.json'), [
    { path: '$[1].run.pipeline', message: /"nightly" is no pipeline; known are later, library\.[^;]*, night/ },
  ]);
  await take('wrong.json', [night, { run: { pipeline: 'night', stage: 1 }, tags: [] }]);
  t.match((await mistakesOf(dataDir, 'wrong.json')).map(({ path }) => path).sort(), ['$[1].run.stage', '$[1].tags']);
  await take('task.json', [night, { type: 'scripted', priority: 99 }]);
  t.match(await mistakesOf(dataDir, 'task.json'), [{ path: '$[1].priority' }]);
  t.equal((await runs()).length, before);
});

t.test('a run of a file is there once after a crash, with the file accepted', async (t) => {
  const before = (await runs()).length;
  await take('again.json', night);
  await opened.crash();
  opened = await openTestSupervisor(dataDir);
  t.equal((await runs()).length, before + 1);
  t.equal((await names(dataDir, 'accepted')).length, 3);
  t.same(await names(dataDir, 'inbox'), []);
});
