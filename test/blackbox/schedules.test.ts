/** A schedule of the real program that is due every two seconds: the process stands still, is killed, and starts again. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { folderFor, startOn } from '../helpers/supervised.ts';
import { eventually, executions, type Running } from '../helpers/supervisor-process.ts';

interface Row {
  readonly plannedAt: string;
  readonly outcome: string;
  readonly taskId?: string;
  readonly reason?: string;
}

const periodMs = 2_000;
const settings = { STARTUP_DELAY: '0s' };

/** Oldest first. */
async function ledger(supervisor: Running): Promise<readonly Row[]> {
  const { body } = await supervisor.call<{ items: Row[] }>('GET', '/schedules/often/occurrences?limit=500');
  return body.items.toReversed();
}

function rowsAfter(supervisor: Running, moment: number, count: number): Promise<readonly Row[]> {
  return eventually(`${count} to start after ${new Date(moment).toISOString()}`, async () => {
    const rows = await ledger(supervisor);
    const later = rows.filter(({ plannedAt, taskId }) => Date.parse(plannedAt) > moment && taskId !== undefined);
    return later.length >= count ? rows : null;
  });
}

function gaps(rows: readonly Row[]): readonly string[] {
  return rows
    .slice(1)
    .filter((row, index) => Date.parse(row.plannedAt) - Date.parse(rows[index]?.plannedAt ?? '') !== periodMs)
    .map(({ plannedAt }) => plannedAt);
}

t.test(
  'stopped for longer than two periods, and killed, it goes on, and no planned time is lost or doubled',
  async (t) => {
    const folder = folderFor(t);
    const first = await startOn(t, folder, { settings });
    const { status } = await first.call('POST', '/schedules', {
      name: 'often',
      task: { type: 'record', params: { file: folder.record } },
      when: { kind: 'cron', expression: '*/2 * * * * *' },
      overlap: 'allow',
    });
    t.equal(status, 201);
    await rowsAfter(first, 0, 1);

    first.signal('SIGSTOP');
    await eventually('it to be stopped', () =>
      readFileSync(`/proc/${first.pid}/stat`, 'utf8').includes(') T ') ? true : null,
    );
    const stoppedAt = Date.now();
    await eventually('three periods to pass', () => (Date.now() > stoppedAt + 3 * periodMs ? true : null));
    first.signal('SIGCONT');
    const wokenAt = Date.now();
    const woken = await rowsAfter(first, wokenAt, 1);
    t.strictSame(gaps(woken), [], 'each planned time has a line');
    const missed = woken.filter(({ outcome }) => outcome === 'missed');
    t.ok(missed.length >= 2, `${missed.length} were missed`);
    for (const { plannedAt, reason } of missed) {
      t.ok(Date.parse(plannedAt) > stoppedAt - periodMs && Date.parse(plannedAt) < wokenAt);
      t.match(reason, /stood still, and a later one stands for it/);
    }

    await first.kill();
    const killedAt = Date.now();
    await eventually('two periods to pass', () => (Date.now() > killedAt + 2 * periodMs ? true : null));
    const second = await startOn(t, folder, { settings });
    const rows = await rowsAfter(second, Date.now(), 1);
    t.strictSame(gaps(rows), [], 'each planned time has one line, also over the kill');
    t.ok(rows.some(({ reason }) => reason?.startsWith('the supervisor was not running')));
    const { status: paused } = await second.call('POST', '/schedules/often/pause', { reason: 'enough' });
    t.equal(paused, 200);
    await second.untilIdle();
    const submitted = (await ledger(second)).flatMap(({ taskId }) => taskId ?? []);
    const ran = new Set(executions(folder).map((line) => line.split(' ')[0]));
    t.strictSame([...ran].sort(), submitted.toSorted(), 'a task for each that started, and no other');
    await second.stop();
  },
);
