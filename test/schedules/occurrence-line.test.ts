import t from 'tap';
import { anybody } from '../helpers/open-supervisor.ts';
import { SchedulesBed } from '../helpers/schedules-bed.ts';

t.test('an occurrence and the task it submits stand in the same line of the journal', async (t) => {
  const bed = new SchedulesBed();
  const given = { name: 'nightly', task: { type: 'scripted' }, when: { kind: 'daily', at: '02:00' } };
  const { id } = await bed.desk.create(given, anybody);
  const before = bed.journal.lines.length;
  bed.pass(24 * 3_600_000);
  const [occurrence] = bed.ledger(id);
  const [line, ...others] = bed.journal.lines.slice(before);
  t.same(others, [], 'no other line speaks of it');
  t.equal(occurrence?.plannedAt, Date.parse('2026-11-27T01:00:00Z'));
  for (const part of [id, occurrence?.plannedAt, occurrence?.taskId, 'scripted'])
    t.ok(line?.body.includes(String(part)), String(part));
});
