import { Writable } from 'node:stream';
import t from 'tap';
import { Fault } from '../../supervisor/core/fault.ts';
import { Health, sayCondition } from '../../supervisor/health.ts';
import { sayFault } from '../../supervisor/last-words.ts';
import { makeLog } from '../../supervisor/log.ts';
import { endThreads } from '../../supervisor/stop.ts';
import { WorkLog } from '../../supervisor/work-log.ts';
import { SchedulesBed } from '../helpers/schedules-bed.ts';

/** Takes what is written as a terminal would. */
function terminal(): { stream: NodeJS.WriteStream; text: () => string } {
  const pieces: string[] = [];
  const stream = new Writable({
    write(chunk, _, done) {
      pieces.push(String(chunk));
      done();
    },
  });
  return {
    stream: Object.assign(stream, { isTTY: true }) as unknown as NodeJS.WriteStream,
    text: () => pieces.join(''),
  };
}

t.test('times in a terminal are local, in the order of ISO 8601 and of 24 hours', async (t) => {
  const { stream, text } = terminal();
  makeLog('info', stream).info({ task: 7 }, 'hello');
  t.match(text(), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d info {2}hello \{"task":7\}\n$/);
});

t.test('a fault is said once to people, and to machines in the log as well', async (t) => {
  const fault = new Fault('held', 'somebody else has it', 'stop the other one');
  for (const inTerminal of [true, false]) {
    const { stream, text } = terminal();
    const said: string[] = [];
    const code = sayFault(fault, makeLog('info', stream), { inTerminal, say: (line) => void said.push(line) });
    t.equal(code, 73);
    t.same(said, ['nightshift: somebody else has it\nstop the other one\n']);
    t.equal(text() === '', inTerminal);
  }
});

t.test('a condition is told of as it comes up, not again while it lasts', async (t) => {
  const told: string[] = [];
  const health = new Health({ wall: () => 0, monotonic: () => 0, after: () => () => {} }, ({ message }) =>
    told.push(message),
  );
  const condition = { code: 'disk_full', severity: 'error', message: 'full', action: 'make room' } as const;
  health.raise(condition);
  health.raise({ ...condition, message: 'still full' });
  health.clear('disk_full');
  health.raise({ ...condition, message: 'full again' });
  t.same(told, ['full', 'full again']);
});

t.test('a condition is one line in the log, its sentences ended once', async (t) => {
  t.equal(sayCondition({ message: 'full', action: 'Make room.' }), 'full. Make room.');
  t.equal(
    sayCondition({ message: 'did you mean WORKERS?', action: 'Correct it.' }),
    'did you mean WORKERS? Correct it.',
  );
});

t.test('threads that do not end are not waited for longer than was said', async (t) => {
  const never = new Promise<void>(() => {});
  t.equal(await endThreads({ close: () => never, gone: () => never, threads: 1 }, 10), false);
  t.equal(await endThreads({ close: async () => {}, gone: () => never, threads: 1 }, 10), false, 'one ended before');
  t.equal(await endThreads({ close: async () => {}, gone: async () => {}, threads: 0 }, 60_000), true);
});

t.test(
  'a schedule that pauses itself and a missed turn of a `once` stand in the log; what people do and daily misses do not',
  async (t) => {
    const { stream, text } = terminal();
    const bed = new SchedulesBed({ wall: '2026-03-02T12:00:00Z' });
    const workLog = new WorkLog(bed.state, makeLog('info', stream));
    const task = { type: 'noop', params: {} };
    const by = { origin: 'cli', from: null } as const;
    const { id: once } = await bed.desk.create(
      { name: 'move', task, when: { kind: 'once', at: '2026-03-03T12:00:00Z' } },
      by,
    );
    const { id: daily } = await bed.desk.create({ name: 'nightly', task, when: { kind: 'daily', at: '02:00' } }, by);
    const settled = (id: string) => {
      const row = { plannedAt: 0, outcome: 'missed', reason: 'its deadline was over' } as const;
      return { e: 'occurrences.settled', id, to: 1, rows: [row], waiting: [] } as const;
    };
    const paused = { e: 'schedule.paused', id: daily, until: null } as const;
    workLog.scheduled([settled(daily), { ...paused, reason: 'holidays', by: 'cli' }]);
    t.equal(text(), '');
    workLog.scheduled([settled(once)]);
    t.match(text(), /WARN {2}a schedule that comes once was missed.*"schedule":"move".*its deadline was over/i);
    workLog.scheduled([{ ...paused, reason: '3 failures in a row', by: 'scheduler' }]);
    t.match(text(), /a schedule has paused itself.*"schedule":"nightly".*3 failures in a row/);
  },
);
