/** Settings that are edited while the program runs, as its owner edits them: in the file. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { StatusView } from '../../supervisor/facade.ts';
import { startFor } from '../helpers/supervised.ts';
import { eventually, executions, type SupervisorProcess } from '../helpers/supervisor-process.ts';

t.setTimeout(120_000);

const TELLS = `export default {
  type: 'tells',
  settings: ['HANDLER_KEY'],
  run: (_params, ctx) => ctx.settings.HANDLER_KEY ?? 'nothing',
};
`;

function edit(supervisor: SupervisorProcess, text: string): void {
  const file = join(supervisor.folder.dir, 'nightshift.env');
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

async function status(supervisor: SupervisorProcess): Promise<StatusView> {
  const { status, body } = await supervisor.call<StatusView>('GET', '/status');
  t.equal(status, 200);
  return body;
}

const notice = (supervisor: SupervisorProcess, code: string) =>
  eventually(code, async () => (await status(supervisor)).health.find((item) => item.code === code) ?? null);

t.test(
  'what is changed in the env file holds at once: limits, time zone, log, and what handlers are given',
  async (t) => {
    const supervisor = await startFor(t, { 'tells.mjs': TELLS }, { settings: { WORKERS: '2', AGEING: '1h' } });
    edit(supervisor, 'LIMITS=type:record=0\n');
    const wrong = await notice(supervisor, 'settings_wrong');
    t.match(wrong, { severity: 'error', message: /LIMITS/, action: /taken as soon as it is right/ });

    edit(supervisor, 'LIMITS=type:record=1\nTIMEZONE=Asia/Tokyo\nHANDLER_KEY=first\n');
    await eventually('the zone', async () => ((await status(supervisor)).timezone === 'Asia/Tokyo' ? true : null));
    t.notMatch((await status(supervisor)).health, [{ code: 'settings_wrong' }], 'what is right clears the notice');
    const params = { file: supervisor.folder.record, ms: 600_000 };
    await supervisor.add({ type: 'record', params });
    const second = await supervisor.add({ type: 'record', params });
    await eventually('the first to run', () => (executions(supervisor.folder).length === 1 ? true : null));
    t.match(await supervisor.task(second.id), { state: 'queued', waiting: { reason: 'concurrency' } });

    edit(supervisor, 'LIMITS=type:record=2\nLOG_LEVEL=debug\nHANDLER_KEY=second\n');
    await eventually('the second to run', () => (executions(supervisor.folder).length === 2 ? true : null));
    t.notMatch(
      (await status(supervisor)).health,
      [{ code: 'settings_pending' }],
      'what the environment says still holds',
    );
    for (const { id } of await supervisor.tasks()) await supervisor.call('POST', `/tasks/${id}/cancel`, {});
    const told = await supervisor.add({ type: 'tells' });
    t.match(await supervisor.until(told.id, 'succeeded'), { result: 'second' });
    const said = supervisor.logged().map(({ msg }) => String(msg));
    t.ok(said.some((msg) => /^settings \S+ in force, changed by file: HANDLER_KEY, LIMITS, TIMEZONE$/.test(msg)));
    await eventually('a line at debug', () => supervisor.logged().find(({ level }) => level === 20) ?? null);
  },
);

t.test('what waits for the next start is named, and a file that is gone changes nothing', async (t) => {
  const supervisor = await startFor(t);
  edit(supervisor, 'FSYNC=no\nAGEING=1h\n');
  t.match(await notice(supervisor, 'settings_pending'), {
    severity: 'info',
    message: /^AGEING, FSYNC have been changed and will hold from the next start/,
  });
  edit(supervisor, 'TIMEZONE=Asia/Tokyo\n');
  await eventually('the notice to go', async () => ((await status(supervisor)).health.length === 0 ? true : null));
  rmSync(join(supervisor.folder.dir, 'nightshift.env'));
  await notice(supervisor, 'settings_gone');
  t.equal((await status(supervisor)).timezone, 'Asia/Tokyo');
  t.equal((await supervisor.stop()).code, 0);
});

t.test('threads come and go while work goes on', async (t) => {
  const supervisor = await startFor(t);
  const cpu = async () => {
    const { body } = await supervisor.call<{ items: readonly { id: string }[] }>('GET', '/workers');
    return body.items.filter(({ id }) => id.startsWith('cpu-')).length;
  };
  const running = async () => (await status(supervisor)).counts.running;
  edit(supervisor, 'WORKERS=1\n');
  await eventually('one thread', async () => ((await cpu()) === 1 ? true : null));
  const params = { file: supervisor.folder.record, ms: 600_000 };
  const tasks = [];
  for (let count = 0; count < 3; count++) tasks.push(await supervisor.add({ type: 'record', params }));
  await eventually('one to run', async () => ((await running()) === 1 ? true : null));
  edit(supervisor, 'WORKERS=3\n');
  await eventually('all to run', async () => ((await running()) === 3 ? true : null));
  edit(supervisor, 'WORKERS=1\n');
  await eventually('one thread again', async () => ((await cpu()) === 1 ? true : null));
  t.equal(await running(), 3, 'what runs goes on');
  for (const { id } of tasks) await supervisor.call('POST', `/tasks/${id}/cancel`, {});
  for (const { id } of tasks) t.match(await supervisor.until(id, 'canceled'), { attempts: [{ number: 1 }] });
  const next = await supervisor.add({ type: 'record', params: { file: supervisor.folder.record } });
  t.match(await supervisor.until(next.id, 'succeeded'), { attempt: 1 });
});

t.test('tokens change at once', async (t) => {
  const [old, next] = ['old-token-0123456789', 'new-token-0123456789'];
  const supervisor = await startFor(t);
  const seen = async (token: string) => {
    const headers = { authorization: `Bearer ${token}`, 'x-forwarded-for': '203.0.113.9' };
    return (await fetch(`${supervisor.url}/api/v1/status`, { headers })).status;
  };
  edit(supervisor, `WEB_TOKEN=${old}\n`);
  await eventually('the token to count', async () => ((await seen(old)) === 200 ? true : null));
  edit(supervisor, `WEB_TOKEN=${next}\n`);
  await eventually('the new one to count', async () => ((await seen(next)) === 200 ? true : null));
  t.equal(await seen(old), 401);
  t.notMatch(supervisor.output, next, 'and no log tells it');
  t.match(readFileSync(join(supervisor.folder.dir, 'nightshift.env'), 'utf8'), next);
});
