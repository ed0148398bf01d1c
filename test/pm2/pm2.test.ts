import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { isAlive, Night, until } from '../helpers/pm2-night.ts';

interface Task {
  readonly id: string;
  readonly state: string;
  readonly params: unknown;
  readonly attempts: readonly { readonly outcome: string | null }[];
}

async function withNight(t: Test, settings: string): Promise<Night> {
  const night = new Night();
  t.teardown(() => night.end());
  night.settings(settings);
  await night.start();
  return night;
}

/** Ends when a file of its name appears, so that the test decides when. */
const GATE = `import { access } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'test.gate',
  async run({ file }, ctx) {
    ctx.log.info('waiting');
    for (;;) {
      if (await access(file).then(() => true, () => false)) return { opened: true };
      await wait(20, null, { signal: ctx.signal });
    }
  },
};
`;

t.test('killed under pm2, Nightshift is back by itself with everything that was accepted', async (t) => {
  const night = await withNight(t, 'WORKERS=2\n');
  const first = await night.ready();
  t.equal((await night.app()).pid, first, 'pm2 started the process that holds the data');
  await night.ask('POST', 'queue/pause', { reason: 'until the kill is over' });
  const tasks = Array.from({ length: 500 }, (_, number) => ({ type: 'echo', params: { number } }));
  const { tasks: accepted } = await night.ask<{ tasks: Task[] }>('POST', 'tasks', tasks);
  process.kill(first, 'SIGKILL');
  const second = await night.ready(first);
  t.not(second, first);
  const { total, items } = await night.ask<{ total: number; items: Task[] }>('GET', 'tasks?state=queued&limit=500');
  t.equal(total ?? items.length, 500);
  t.same(new Set(items.map(({ id }) => id)), new Set(accepted.map(({ id }) => id)), 'every accepted task is there');
  await night.ask('POST', 'queue/resume', {});
  const done = await until('all done', async () => {
    const page = await night.ask<{ items: Task[] }>('GET', 'tasks?state=succeeded&limit=500');
    return page.items.length === 500 ? page.items : null;
  });
  t.ok(
    done.every(({ attempts }) => attempts.length === 1),
    'each ran once',
  );
  t.equal((await night.app()).pm2_env.restart_time, 1, 'pm2 started it once more');
});

t.test('pm2 stop lets a running task end', async (t) => {
  const night = new Night();
  t.teardown(() => night.end());
  night.settings('WORKERS=2\n');
  writeFileSync(join(night.dataDir, 'handlers', 'gate.mjs'), GATE);
  await night.start();
  const first = await night.ready();
  const file = join(night.folder, 'open');
  const { task } = await night.ask<{ task: Task }>('POST', 'tasks', { type: 'test.gate', params: { file } });
  await until('it runs', async () =>
    (await night.ask<{ task: Task }>('GET', `tasks/${task.id}`)).task.state === 'running' ? true : null,
  );
  const stopped = night.pm2('stop', 'nightshift');
  // Still running now, with the stop under way: only then is the gate opened.
  await until('it drains', async () =>
    (await night.ask<{ state: string }>('GET', 'status')).state === 'draining' ? true : null,
  );
  t.ok(isAlive(first), 'it waits for its task');
  writeFileSync(file, '');
  await stopped;
  t.equal((await night.app()).pm2_env.status, 'stopped');
  await night.pm2('start', 'nightshift');
  await night.ready(first);
  const again = await night.ask<{ task: Task }>('GET', `tasks/${task.id}`);
  t.equal(again.task.state, 'succeeded');
  t.same(
    again.task.attempts.map(({ outcome }) => outcome),
    ['succeeded'],
    'in its first attempt',
  );
});

t.test('with wrong settings it stays stopped until they are right', async (t) => {
  const night = await withNight(t, 'WORKERS=many\n');
  const app = await until('it ended', async () => {
    const found = await night.app();
    return found.pm2_env.exit_code === 64 ? found : null;
  });
  t.equal(app.pid, 0);
  const log = join(night.folder, 'pm2', 'logs', 'nightshift-error.log');
  // Each question takes longer than the first pauses pm2 would make.
  for (let asked = 0; asked < 4; asked++)
    t.equal((await night.app()).pm2_env.restart_time, 0, 'pm2 does not try again');
  t.match(readFileSync(log, 'utf8'), /WORKERS/, 'its log says what is wrong');
  night.settings('WORKERS=2\n');
  await night.pm2('start', 'nightshift');
  await night.ready();
  t.equal((await night.app()).pm2_env.status, 'online');
});
