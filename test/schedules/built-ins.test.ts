import t from 'tap';
import { BUILT_INS } from '../../supervisor/core/schedule/built-ins.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { refusedBy as refused, SchedulesBed } from '../helpers/schedules-bed.ts';

const NOT_MOVED = new Map<string, string>();
const AT_HALF_PAST_FOUR = new Map([['backup', '04:30']]);

function opened(times: ReadonlyMap<string, string> = NOT_MOVED): SchedulesBed {
  const bed = new SchedulesBed();
  bed.builtIns.adopt(times);
  return bed;
}

/** As a start does it, with the settings it finds. */
function restarted(bed: SchedulesBed, times: ReadonlyMap<string, string> = NOT_MOVED): void {
  bed.restart();
  bed.builtIns.adopt(times);
}

async function timeOf(bed: SchedulesBed): Promise<unknown> {
  return (await bed.desk.show('backup')).when;
}

t.test('the first start makes the backup at 03:00, and no start makes it twice', async (t) => {
  const bed = opened();
  const backup = await bed.desk.show('backup');
  t.match(backup, { builtIn: true, task: { type: 'backup.create' }, when: { kind: 'daily', at: '03:00' } });
  t.equal(backup.nextAt, '2026-11-27T02:00:00.000Z');
  restarted(bed);
  bed.journal.takeSnapshot();
  restarted(bed);
  t.equal((await bed.desk.show('backup')).id, backup.id);
  t.equal(bed.state.schedules.byId.size, BUILT_INS.length);
});

t.test('a built-in schedule that was deleted does not come again', async (t) => {
  const bed = opened();
  await bed.desk.remove('backup', null, anybody);
  restarted(bed);
  bed.journal.takeSnapshot();
  restarted(bed, AT_HALF_PAST_FOUR);
  t.equal(bed.state.schedules.byId.size, BUILT_INS.length - 1);
});

t.test(
  'somebody’s own schedule of the same name is let be, and the built-in comes once the name is free',
  async (t) => {
    const bed = new SchedulesBed();
    const own = { name: 'backup', task: { type: 'scripted' }, when: { kind: 'daily', at: '12:00' } };
    await bed.desk.create(own, anybody);
    restarted(bed, AT_HALF_PAST_FOUR);
    t.match(await bed.desk.show('backup'), { builtIn: false, when: { at: '12:00' } });
    await bed.desk.change('backup', { name: 'mine' }, null, anybody);
    restarted(bed);
    t.match(await bed.desk.show('backup'), { builtIn: true, when: { at: '03:00' } });
  },
);

t.test(
  'a key of the settings moves it, while running and at a start, and without the key the default is back',
  async (t) => {
    const bed = opened();
    bed.builtIns.adopt(AT_HALF_PAST_FOUR);
    t.match(await timeOf(bed), { at: '04:30' });
    bed.builtIns.adopt(NOT_MOVED);
    t.match(await timeOf(bed), { at: '03:00' });
    const moved = opened(AT_HALF_PAST_FOUR);
    t.match(await timeOf(moved), { at: '04:30' });
    moved.journal.takeSnapshot();
    restarted(moved);
    t.match(await timeOf(moved), { at: '03:00' }, 'also when the key was taken out while it was stopped');
  },
);

t.test('the time that a person gave it stays while no key is set', async (t) => {
  const bed = opened();
  await bed.desk.change('backup', { when: { kind: 'weekly', days: ['sun'], at: '05:00' } }, null, anybody);
  bed.builtIns.adopt(NOT_MOVED);
  restarted(bed);
  t.match(await timeOf(bed), { kind: 'weekly', at: '05:00' });
});

t.test('while a key says its time, only its time is refused to be changed, and the key is named', async (t) => {
  const bed = opened(AT_HALF_PAST_FOUR);
  const change = bed.desk.change('backup', { when: { kind: 'daily', at: '05:00' } }, null, anybody);
  t.match(await refused(change), { code: 'conflict', message: /TASK_BACKUP_TIME/ });
  await bed.desk.change('backup', { note: 'mine' }, null, anybody);
  bed.builtIns.adopt(NOT_MOVED);
  t.match(await bed.desk.show('backup'), { note: 'mine', when: { at: '03:00' } });
});

t.test('what was due by the time before is settled, and the night has one backup', async (t) => {
  const bed = opened();
  bed.pass(14 * 3_600_000 + 60_000);
  bed.builtIns.adopt(AT_HALF_PAST_FOUR);
  const { id, nextAt } = await bed.desk.show('backup');
  t.equal(nextAt, '2026-11-27T03:30:00.000Z');
  t.match(bed.ledger(id), [{ outcome: 'started' }]);
});
