/** Measures history with 100,000 records in the folder given and prints a line a figure. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
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
const loop = monitorEventLoopDelay({ resolution: 1 });
loop.enable();
// The month written last is never packed.
const later = ending({ seq: count + 1, finishedAt: Date.UTC(2027, 5, 1) });
history.append(later.ending, later.json);
await timed(`pack the month of ${count} records`, async () => {
  const { archived } = await history.clean(Date.UTC(2027, 11, 1), { archiveAfterMs: 0, retentionMs: null });
  for (const { bytes, archiveBytes } of archived)
    process.stdout.write(`packed ${bytes} bytes to ${archiveBytes}, ${((100 * archiveBytes) / bytes).toFixed(0)} %\n`);
});
loop.disable();
process.stdout.write(`the loop was held up for at most ${(loop.max / 1e6).toFixed(1)} ms meanwhile\n`);
await history.close();
await timed(`open with ${count} records, packed`, async () => {
  ({ history } = await openBench(folder, { provenSeq: count + 1 }));
});
await timed('one by its id from the archive, cold', () => history.get(middle));
await timed('page of 50 from the archive', () => history.list({ limit: 50, order: 'oldest' }));
await timed('text search through the archive', () => history.list({ limit: 50, order: 'newest', matchBytes: nowhere }));
await history.close();
