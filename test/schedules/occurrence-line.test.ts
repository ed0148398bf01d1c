import t from 'tap';
import { encodeEvent } from '../../supervisor/core/codec.ts';
import type { Event } from '../../supervisor/core/event.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { SchedulesBed } from '../helpers/schedules-bed.ts';

t.test('an occurrence and the task it submits stand in the same line of the journal', async (t) => {
  const bed = new SchedulesBed();
  const events: Event[] = [];
  const record = bed.record.bind(bed);
  bed.record = (event) => {
    events.push(event);
    return record(event);
  };
  const { id } = await bed.desk.create(
    { name: 'nightly', task: { type: 'scripted' }, when: { kind: 'daily', at: '02:00' } },
    anybody,
  );
  bed.pass(24 * 3_600_000);
  const plannedAt = Date.parse('2026-11-27T01:00:00Z');
  const [task, ...others] = events.filter(({ e }) => e === 'task.accepted');
  t.same(others, []);
  t.match(task, { id: bed.ledger(id)[0]?.taskId, occurrence: { schedule: id, plannedAt, outcome: 'started' } });
  t.notMatch(encodeEvent(task as Event), '\n');
  t.same(
    events.filter(({ e }) => e === 'occurrences.settled'),
    [],
    'no other line speaks of it',
  );
});
