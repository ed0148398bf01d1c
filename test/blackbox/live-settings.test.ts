/** Settings that are edited while the program runs, as its owner edits them: in the file. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { StatusView } from '../../supervisor/facade.ts';
import { startFor, startOn } from '../helpers/supervised.ts';
import { eventually, executions, type SupervisorProcess } from '../helpers/supervisor-process.ts';

const TELLS = `export default {
  type: 'tells',
  settings: ['HANDLER_CITY'],
  run: (_params, ctx) => ctx.settings.HANDLER_CITY ?? 'nothing',
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
    const supervisor = await startFor(t, { 'tells.mjs': TELLS }, { settings: { WORKERS: '2' } });
    edit(supervisor, 'LIMITS=type:record=0\n');
    const wrong = await notice(supervisor, 'settings_wrong');
    t.match(wrong, { severity: 'error', message: /LIMITS/, action: /taken as soon as it is right/ });

    edit(supervisor, 'LIMITS=type:record=1\nTIMEZONE=Asia/Tokyo\nHANDLER_CITY=first\n');
    await eventually('the zone', async () => ((await status(supervisor)).timezone === 'Asia/Tokyo' ? true : null));
    t.notMatch((await status(supervisor)).health, [{ code: 'settings_wrong' }], 'what is right clears the notice');
    const params = { file: supervisor.folder.record, ms: 600_000 };
    await supervisor.add({ type: 'record', params });
    const second = await supervisor.add({ type: 'record', params });
    await eventually('the first to run', () => (executions(supervisor.folder).length === 1 ? true : null));
    t.match(await supervisor.task(second.id), { state: 'queued', waiting: { reason: 'concurrency' } });

    edit(supervisor, 'LIMITS=type:record=2\nLOG_LEVEL=debug\nHANDLER_CITY=second\n');
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
    t.ok(said.some((msg) => /^settings \S+ in force, changed by file: HANDLER_CITY, LIMITS, TIMEZONE$/.test(msg)));
    await eventually('a line at debug', () => supervisor.logged().find(({ level }) => level === 20) ?? null);
  },
);

t.test('what waits for the next start is named, and a file that is gone changes nothing', async (t) => {
  const supervisor = await startFor(t);
  edit(supervisor, 'FSYNC=no\n');
  t.match(await notice(supervisor, 'settings_pending'), {
    severity: 'info',
    message: /^FSYNC has been changed and will hold from the next start/,
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

t.test(
  'a task sees the settings it was created with, whatever the file says by then, and its secrets as they are now',
  async (t) => {
    const both = `export default { type: 'both', settings: ['HANDLER_CITY', 'HANDLER_TOKEN'],
      run: (_params, { settings }) => [settings.HANDLER_CITY, settings.HANDLER_TOKEN] };`;
    const supervisor = await startFor(t, { 'both.mjs': both });
    edit(supervisor, 'HANDLER_CITY=Rome\nHANDLER_TOKEN=old\n');
    const revision = (id: string) =>
      eventually(id, async () => {
        const { body } = await supervisor.call<{ revision: { id: string } }>('GET', '/settings');
        return body.revision.id === id ? id : null;
      });
    await revision('r2');
    await supervisor.call('POST', '/queue/pause', {});
    const before = await supervisor.add({ type: 'both' });
    t.equal(before.settingsRevision, 'r2');
    edit(supervisor, 'HANDLER_CITY=Oslo\nHANDLER_TOKEN=new\n');
    await revision('r3');
    const after = await supervisor.add({ type: 'both' });
    await supervisor.kill();
    const again = await startOn(t, supervisor.folder);
    await again.call('POST', '/queue/resume', {});
    t.same((await again.until(before.id, 'succeeded')).result, ['Rome', 'new'], 'also after a crash');
    t.match(await again.until(after.id, 'succeeded'), { result: ['Oslo', 'new'], settingsRevision: 'r3' });
  },
);

t.test('tasks of a handler wait while its feature flag is off, and go on once it is on', async (t) => {
  const flagged = `export default { type: 'flagged', flag: 'NIGHT_SYNC', run: () => 'ran' };`;
  const supervisor = await startFor(t, { 'flagged.mjs': flagged });
  const { id } = await supervisor.add({ type: 'flagged' });
  t.match(await supervisor.task(id), {
    state: 'queued',
    waiting: { reason: 'paused', detail: /flag NIGHT_SYNC is off/ },
  });
  const asOwner = await supervisor.callAsOwner('PATCH', '/flags/NIGHT_SYNC', { on: true, note: 'tonight' });
  t.equal(asOwner.status, 200);
  t.match(await supervisor.until(id, 'succeeded'), { result: 'ran' });
  t.match(readFileSync(join(supervisor.folder.dir, 'nightshift.env'), 'utf8'), /^FLAG_NIGHT_SYNC=true$/m);
  edit(supervisor, 'FLAG_NIGHT_SYNC=false\n');
  await eventually('the flag to be off', async () => {
    const { body } = await supervisor.call<{ items: readonly { name: string; on: boolean }[] }>('GET', '/flags');
    return body.items.find(({ name }) => name === 'NIGHT_SYNC')?.on === false ? true : null;
  });
  t.match(await supervisor.task((await supervisor.add({ type: 'flagged' })).id), { waiting: { reason: 'paused' } });
});

t.test('a key that is no setting is pointed out, and all else in the file is taken', async (t) => {
  const supervisor = await startFor(t);
  edit(supervisor, 'TIMEZOME=UTC\nTIMEZONE=Asia/Tokyo\n');
  t.match(await notice(supervisor, 'settings_unknown:TIMEZOME'), {
    severity: 'warning',
    message: /line 1: TIMEZOME is not a setting: did you mean TIMEZONE/,
  });
  t.equal((await status(supervisor)).timezone, 'Asia/Tokyo');
});
