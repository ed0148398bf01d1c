/** Measures history with 100,000 records in the folder given and prints a line a figure. */
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { ending, openBench } from './endings.ts';

const count = 100_000;
const perTurn = 500;
const folder = process.argv[2] as string;

async function timed(name: string, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  process.stdout.write(`${name}: ${(performance.now() - start).toFixed(1)} ms\n`);
}

const first = await openBench(folder);
const made = Array.from({ length: count }, (_, at) =>
  ending({ seq: at + 1, state: at % 1_000 === 0 ? 'failed' : 'succeeded', text: 'x'.repeat(500) }),
);
let appendMs = 0;
for (let start = 0; start < count; start += perTurn) {
  const some = made.slice(start, start + perTurn);
  const before = performance.now();
  for (const { ending: told, json } of some) first.history.append(told, json);
  appendMs += performance.now() - before;
  await turnOfLoop();
}
process.stdout.write(`append: ${((appendMs * 1_000) / count).toFixed(2)} µs a record on the main thread\n`);
await timed('sync and close', () => first.history.close());
let { history } = first;
await timed(`open with ${count} records`, async () => {
  ({ history } = await openBench(folder, { provenSeq: count }));
});
const middle = made[count / 2]?.ending.id as string;
await timed('one by its id, cold', () => history.get(middle));
await timed('newest page of 50', () => history.list({ limit: 50, order: 'newest' }));
await timed('page of 50 of the failed, 0.1 %', () => history.list({ limit: 50, order: 'newest', states: ['failed'] }));
const nowhere = (line: Buffer) => line.includes('nowhere');
await timed('text search through all', () => history.list({ limit: 50, order: 'newest', matchBytes: nowhere }));
await history.close();
