import t from 'tap';
import { anybody } from '../helpers/open-supervisor.ts';
import { SchedulesBed, type SchedulesBedOptions } from '../helpers/schedules-bed.ts';

const DAILY = { name: 'nightly', task: { type: 'scripted', params: {} }, when: { kind: 'daily', at: '02:00' } };
const hour = 3_600_000;
const untilDue = 13 * hour;

async function withSchedule(options: SchedulesBedOptions = {}) {
  const bed = new SchedulesBed(options);
  const { id } = await bed.desk.create(DAILY, anybody);
  return { bed, id, outcomes: () => bed.ledger(id).map(({ outcome }) => outcome) };
}

t.test('for the delay after a start nothing starts; then what was due before and during it does, once', async (t) => {
  const { bed, outcomes } = await withSchedule({ startupDelayMs: 10_000 });
  bed.clock.standStill(untilDue - 5_000);
  bed.restart();
  t.equal(bed.scheduler.nextAt, bed.clock.wall() + 10_000);
  bed.clock.advance(9_999);
  bed.tick();
  t.strictSame(outcomes(), []);
  bed.clock.advance(1);
  bed.tick();
  t.strictSame(outcomes(), ['started']);
});

t.test('an edit within that delay loses nothing that was missed, and starts it after the delay', async (t) => {
  const { bed, id, outcomes } = await withSchedule({ startupDelayMs: 10_000 });
  bed.clock.standStill(untilDue + hour);
  bed.restart();
  await bed.desk.change(id, { when: { kind: 'daily', at: '05:00' } }, null, anybody);
  t.strictSame(outcomes(), ['caught_up']);
  const [task] = bed.state.tasks.values();
  t.equal(task?.at, bed.clock.wall() + 10_000);
});

t.test('a full disk holds everything back, and nothing is lost by it', async (t) => {
  const { bed, id, outcomes } = await withSchedule();
  bed.diskFull = true;
  bed.clock.advance(untilDue);
  bed.scheduler.tick();
  t.strictSame(outcomes(), []);
  t.ok(bed.scheduler.nextAt > bed.clock.wall(), 'it is asked again later, not all the time');
  await bed.desk.pause(id, { reason: 'the disk is full', until: null }, anybody);
  t.strictSame(outcomes(), []);
  bed.diskFull = false;
  await bed.desk.resume(id, false, anybody);
  bed.tick();
  t.strictSame(outcomes(), ['started']);
});

t.test('nothing starts while the supervisor stops; its next start catches up', async (t) => {
  const { bed, outcomes } = await withSchedule();
  bed.state.draining = true;
  bed.clock.advance(untilDue + hour);
  bed.scheduler.tick();
  t.strictSame(outcomes(), []);
  bed.restart();
  t.strictSame(outcomes(), ['caught_up']);
});

t.test('a schedule whose pause ends during a stop goes on from that end', async (t) => {
  const { bed, id, outcomes } = await withSchedule({ startupDelayMs: 10_000 });
  await bed.desk.pause(id, { reason: 'holidays', until: '2026-11-28T00:00:00Z' }, anybody);
  bed.clock.standStill(untilDue + 25 * hour);
  bed.restart();
  await bed.desk.resume(id, false, anybody);
  bed.clock.advance(10_000);
  bed.tick();
  t.strictSame(outcomes(), ['skipped', 'caught_up']);
});

t.test('what a long stop let pass is caught up one after another, also where that takes many looks', async (t) => {
  const bed = new SchedulesBed();
  for (let number = 0; number < 500; number++) await bed.desk.create({ ...DAILY, name: `n${number}` }, anybody);
  const { clock } = bed;
  let looks = 0;
  const monotonic = clock.monotonic.bind(clock);
  // Each look at the clock takes time here, so that a tick ends before all have had their turn.
  clock.monotonic = () => monotonic() + looks++;
  clock.standStill(untilDue + hour);
  let ticks = 0;
  for (; bed.scheduler.nextAt <= clock.wall(); ticks++) bed.scheduler.tick();
  t.ok(ticks > 1, `${ticks} ticks`);
  const starts = [...bed.state.tasks.values()].map(({ at }) => at);
  t.equal(new Set(starts).size, 500, 'each starts at a moment of its own');
});
