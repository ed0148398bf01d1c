/** Schedules from the inbox, with the journal and the supervisor they go to. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { type Clock, machineClock } from '../../supervisor/clock.ts';
import { Refusal } from '../../supervisor/core/refusal.ts';
import type { Schedule } from '../../supervisor/core/schedule/schedule.ts';
import type { TaskInput } from '../../supervisor/core/task-input.ts';
import { Health } from '../../supervisor/health.ts';
import { type InboxDoor, openInbox } from '../../supervisor/inbox-door.ts';
import { type InboxFiles, machineFiles } from '../../supervisor/intake/files.ts';
import type { Log } from '../../supervisor/log.ts';
import { PutSchedules, type PutSchedulesParts } from '../../supervisor/put-schedules.ts';
import { freshFolder, openTestSupervisor, removeFolder, type TestSupervisor } from '../helpers/open-supervisor.ts';
import { drop, mistakesOf, names, noWatch, stillClock } from './inbox-parts.ts';

interface Logged {
  readonly text: string;
  readonly facts: unknown;
}

async function supervisorOf(t: Test, { dataDir = freshFolder(), settings = '' } = {}): Promise<TestSupervisor> {
  const opened = await openTestSupervisor(dataDir, { settings });
  let isOpen = true;
  t.teardown(async () => {
    if (isOpen) await opened.stop();
    removeFolder(dataDir);
  });
  return {
    ...opened,
    async crash() {
      isOpen = false;
      await opened.crash();
    },
  };
}

function inboxOf(
  opened: TestSupervisor,
  files: InboxFiles = machineFiles,
  logged: Logged[] = [],
  clock: Clock = machineClock,
): InboxDoor {
  const note = (facts: unknown, text: string) => void logged.push({ text, facts });
  return openInbox({
    dataDir: opened.dataDir,
    settings: () => ({ inboxSettleMs: 0, inboxRetentionMs: null, inboxOwners: [] }),
    opened,
    health: new Health(machineClock),
    log: { debug: note, info: note, warn: note, error: note } as unknown as Log,
    clock,
    disk: { files, watch: noWatch },
  });
}

/** Drops a file and has the inbox take it, as a start does with what is there. */
async function take(opened: TestSupervisor, name: string, content: unknown, logged: Logged[] = []): Promise<void> {
  mkdirSync(join(opened.dataDir, 'inbox'), { recursive: true });
  await drop(opened.dataDir, name, typeof content === 'string' ? content : JSON.stringify(content));
  const door = inboxOf(opened, machineFiles, logged);
  await door.started;
  await door.stop();
}

async function scheduleNames(opened: TestSupervisor): Promise<readonly string[]> {
  const { items } = await opened.schedules.list({ limit: 50, after: null });
  return items.map(({ name }) => name);
}

const NIGHTLY = {
  name: 'nightly',
  task: { type: 'scripted', params: { value: 'night' } },
  when: { kind: 'daily', at: '02:00' },
  timezone: 'Europe/Berlin',
};
const waiting = { type: 'scripted', delay: '1h' };

const shared = await supervisorOf(t, { settings: 'MIN_INTERVAL=1h\n' });

async function counts(): Promise<readonly number[]> {
  const { total } = await shared.schedules.list({ limit: 1, after: null });
  return [total, shared.state.tasks.size, (await names(shared.dataDir, 'accepted')).length];
}

t.test('a dropped schedule is made, and one of its name is changed into what the file says', async (t) => {
  await take(shared, 'nightly.json', { schedule: NIGHTLY });
  const made = await shared.schedules.show('nightly');
  t.match(made, { createdBy: 'inbox:nightly.json', sentence: 'Every day at 02:00 in Europe/Berlin', overlap: 'skip' });

  await take(shared, 'again.json', { schedule: NIGHTLY });
  t.equal((await shared.schedules.show('nightly')).version, made.version, 'the same again changes nothing');

  await take(
    shared,
    'nightly.yaml',
    'schedule:\n  name: nightly\n  task: { type: scripted }\n  when: { kind: daily, at: 03:30 }\n',
  );
  const changed = await shared.schedules.show('nightly');
  t.match(changed, { id: made.id, when: { at: '03:30' }, timezoneFollowsSetting: true, task: { type: 'scripted' } });
  t.same(await names(shared.dataDir, 'accepted'), ['again.json', 'nightly.json', 'nightly.yaml']);
});

t.test('tasks and schedules of one file are taken together', async (t) => {
  const lines = [waiting, { schedule: NIGHTLY }, waiting, { schedule: { ...NIGHTLY, name: 'second' } }];
  await take(shared, 'mixed.ndjson', lines.map((line) => JSON.stringify(line)).join('\n'));
  t.same(await scheduleNames(shared), ['nightly', 'second']);
  t.equal(shared.state.tasks.size, 2);
});

t.test('a file with any mistake submits nothing, whichever of its parts is wrong and whoever finds it', async (t) => {
  const { dataDir } = shared;
  const before = await counts();
  const fresh = { ...NIGHTLY, name: 'never' };
  await take(shared, 'wrong-task.json', [{ schedule: fresh }, { type: 'scripted', prio: 1 }]);
  t.match(await mistakesOf(dataDir, 'wrong-task.json'), [{ path: '$[1].prio' }]);

  const often = { ...NIGHTLY, name: 'often', when: { kind: 'interval', every: '5m' } };
  await take(
    shared,
    'often.yaml',
    `- type: scripted\n- schedule: ${JSON.stringify(fresh)}\n- schedule: ${JSON.stringify(often)}\n`,
  );
  t.match(await mistakesOf(dataDir, 'often.yaml'), [
    { path: '$[2].schedule.when.every', line: 3, code: 'validation', message: /at least 1h/ },
  ]);

  const past = { ...fresh, when: { kind: 'once', at: '2020-01-01T08:00:00Z' } };
  await take(shared, 'past.json', { schedule: past });
  t.match(await mistakesOf(dataDir, 'past.json'), [{ path: '$.schedule.when.at', line: 1, message: /is over/ }]);

  const twice = (value: number) => ({ ...waiting, idempotencyKey: 'k', params: { value } });
  await take(
    shared,
    'keys.ndjson',
    [{ schedule: fresh }, twice(1), twice(2)].map((one) => JSON.stringify(one)).join('\n'),
  );
  t.match(await mistakesOf(dataDir, 'keys.ndjson'), [
    { code: 'conflict', path: '$.idempotencyKey', line: 3, message: /also the key of \$\[1\]/ },
  ]);

  t.same(await counts(), before);
});

t.test('each schedule file that a document shows is taken as it stands there', async (t) => {
  const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
  for (const name of ['README.md', 'data/README.md', 'docs/schedules.md']) {
    const text = readFileSync(join(root, name), 'utf8');
    const blocks = [...text.matchAll(/^```(json|yaml)\n([\s\S]*?)^```/gm)];
    const ours = blocks.filter(([, , block = '']) => /^[ {-]*"?schedule"?:/m.test(block));
    t.ok(ours.length > 0, name);
    for (const [, ending = '', block = ''] of ours) {
      const before = await counts();
      await take(shared, `shown.${ending}`, block);
      t.equal((await counts())[2], (before[2] ?? 0) + 1, `${name}: ${block}`);
    }
  }
});

t.test('a schedule for a type that nobody handles is taken from a file, and that is told', async (t) => {
  const logged: Logged[] = [];
  await take(shared, 'later.json', { schedule: { ...NIGHTLY, name: 'later', task: { type: 'not.yet' } } }, logged);
  t.match((await shared.schedules.show('later')).task, { type: 'not.yet' });
  t.match(
    logged.find(({ text }) => text.includes('not.yet')),
    { text: /no handler of not\.yet yet: what the schedule later submits will wait/, facts: { file: 'later.json' } },
  );
});

t.test('what handlers and settings say of a schedule is told by its place in the file', async (t) => {
  const refused = new Refusal('validation', 'no', [{ path: '$[1].params.url', message: 'must be an address' }]);
  const puts = new PutSchedules({
    ...({} as PutSchedulesParts),
    state: shared.state,
    clock: machineClock,
    minIntervalMs: () => 0,
    timeKeyOf: () => 'TASK_NIGHTLY_TIME',
    checkParams: () => Promise.reject(refused),
  });
  const given = [3, 7].map((at) => ({ value: { ...NIGHTLY, name: `n${at}` }, path: `$[${at}].schedule` }));
  await t.rejects(puts.check(given), {
    code: 'validation',
    message: '$[7].schedule.task.params.url must be an address',
    mistakes: [{ path: '$[7].schedule.task.params.url', message: 'must be an address' }],
  });

  const { rule } = shared.state.schedules.byName.get('nightly') as Schedule;
  const { task } = await shared.schedules.show('nightly');
  const moved = {
    rule: { ...rule, when: { kind: 'daily', at: '05:00' } as const },
    task: task as TaskInput,
    run: null,
  };
  t.match(
    puts.decide([{ ...moved, path: '$[3].schedule' }], { by: 'inbox:n.json' }),
    { code: 'conflict', mistakes: [{ path: '$[3].schedule.when', message: /comes from TASK_NIGHTLY_TIME/ }] },
    'nor does a file move what the settings say',
  );
});

/** The disk works until it is asked for this move; from then on nothing comes to an end, as when the power goes. */
async function takeUntil(
  opened: TestSupervisor,
  { movesTo, isDone }: { movesTo: string; isDone: boolean },
): Promise<void> {
  const never = new Promise<never>(() => {});
  let isDead = false;
  const died = new Promise<void>((resolve) => {
    const files: InboxFiles = {
      ...machineFiles,
      async move(from, to) {
        if (isDead) return never;
        isDead = to.includes(movesTo);
        if (isDone || !isDead) await machineFiles.move(from, to);
        if (!isDead) return;
        resolve();
        await never;
      },
      syncFolder: (path) => (isDead ? never : machineFiles.syncFolder(path)),
    };
    inboxOf(opened, files, [], stillClock());
  });
  await died;
}

t.test('a schedule file counts once, wherever between taking and moving the machine stops', async (t) => {
  const dataDir = freshFolder();
  mkdirSync(join(dataDir, 'inbox'));
  await drop(dataDir, 'night.json', JSON.stringify([waiting, { schedule: NIGHTLY }]));
  const first = await supervisorOf(t, { dataDir });
  await takeUntil(first, { movesTo: '.taking', isDone: true });
  t.equal(first.state.tasks.size, 0, 'it was taken and not read');
  await first.crash();
  t.equal(readdirSync(join(dataDir, 'inbox', '.taking')).length, 1);

  const second = await supervisorOf(t, { dataDir });
  t.same(await scheduleNames(second), []);
  await takeUntil(second, { movesTo: 'accepted', isDone: false });
  t.equal(second.state.tasks.size, 1, 'it is written down and not moved');
  const { version } = await second.schedules.show('nightly');
  await second.crash();
  t.equal(readdirSync(join(dataDir, 'inbox', '.taking')).length, 1);

  const third = await supervisorOf(t, { dataDir });
  const door = inboxOf(third);
  await door.started;
  await door.stop();
  t.same(await scheduleNames(third), ['nightly']);
  t.equal((await third.schedules.show('nightly')).version, version, 'nothing was made or changed again');
  t.equal(third.state.tasks.size, 1);
  t.same(await names(dataDir, 'accepted'), ['night.json']);
  t.same(await names(dataDir, 'inbox'), []);
  t.equal(third.state.inboxTaken.size, 0, 'the file is known no longer');
});
