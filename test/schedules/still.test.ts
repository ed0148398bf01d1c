import t from 'tap';
import { schedulesStill } from '../../supervisor/schedules-still.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { SchedulesBed } from '../helpers/schedules-bed.ts';

const when = { kind: 'interval', every: '1h' };
const hour = 3_600_000;

async function withSchedules(names: readonly string[]) {
  const bed = new SchedulesBed();
  for (const name of names)
    await bed.desk.create({ name, task: { type: 'scripted' }, when, pauseAfterFailures: 1 }, anybody);
  bed.tick();
  const told = () => schedulesStill(bed.state.schedules);
  return { bed, told };
}

t.test('nothing is told while schedules run', async (t) => {
  const { told } = await withSchedules(['feed']);
  t.strictSame(told(), []);
});

t.test('that all are paused is told with who, why and until when, and no longer once they are resumed', async (t) => {
  const { bed, told } = await withSchedules(['feed']);
  await bed.desk.pauseAll({ reason: 'moving house', until: '2026-12-01T00:00:00Z' }, anybody);
  t.match(told(), [{ code: 'schedules_paused', severity: 'warning', since: '2026-11-26T12:00:00.000Z' }]);
  t.match(told()[0]?.message, /until 2026-12-01T00:00:00.000Z: moving house$/);
  t.match(told()[0]?.action, /schedules resume --all/);
  await bed.desk.resumeAll(false, anybody);
  t.strictSame(told(), []);
});

t.test('that SCHEDULER_ENABLED is false is told for information', async (t) => {
  const { bed, told } = await withSchedules(['feed']);
  bed.scheduler.adopt(false, bed.zone);
  t.match(told(), [{ code: 'schedules_off', severity: 'info', message: /SCHEDULER_ENABLED is false/ }]);
  bed.scheduler.adopt(true, bed.zone);
  t.strictSame(told(), []);
});

t.test(
  'one that has paused itself after failures is told with its reason, until it is resumed or deleted',
  async (t) => {
    for (const act of ['resume', 'remove'] as const) {
      const { bed, told } = await withSchedules(['feed']);
      bed.pass(hour);
      bed.end('failed');
      t.match(told(), [{ code: 'schedules_failing', severity: 'warning', message: /feed.*1 failures? in a row/ }]);
      if (act === 'resume') await bed.desk.resume('feed', false, anybody);
      else await bed.desk.remove('feed', null, anybody);
      t.strictSame(told(), []);
    }
  },
);

t.test('many that have paused themselves are one item that names the first', async (t) => {
  const { bed, told } = await withSchedules(['a', 'b', 'c', 'd', 'e']);
  bed.pass(hour);
  bed.end('failed');
  t.match(told(), [{ message: '5 schedules have paused themselves after failures: a, b, c and 2 more' }]);
});

t.test('one that a person has paused is nothing to look at', async (t) => {
  const { bed, told } = await withSchedules(['feed']);
  await bed.desk.pause('feed', { reason: 'holidays', until: null }, anybody);
  t.strictSame(told(), []);
});
