import { Writable } from 'node:stream';
import t from 'tap';
import { Fault } from '../../supervisor/core/fault.ts';
import { Health, sayCondition } from '../../supervisor/health.ts';
import { sayFault } from '../../supervisor/last-words.ts';
import { makeLog } from '../../supervisor/log.ts';
import { endThreads } from '../../supervisor/stop.ts';

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
