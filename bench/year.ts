/**
 * Makes a data folder with a year of history, as a supervisor that lived through it would have: every task is accepted,
 * run and finished on a clock that goes through the months. `node build/bench/year.js DIR COUNT`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, machineClock } from '../supervisor/clock.ts';
import { checkTask, type TaskInput } from '../supervisor/core/task-input.ts';
import { StateWalk } from '../supervisor/snapshotter.ts';
import { given, openHere } from './bed.ts';

/** One in so many fails for good: of type `rare`, and of type `bad`. */
export const rareOneIn = 1_000;
export const badOneIn = 100;
const months = 12;
const monthMs = 30 * 86_400_000;
const perCall = 1_000;

const FAILS = (type: string) =>
  `export default { type: '${type}', async run() { throw new Error('out of stars'); } };\n`;

function taskOf(number: number): TaskInput {
  const failing = number % rareOneIn === 0 ? 'rare' : 'bad';
  const more = number % badOneIn === 0 ? { type: failing, maxAttempts: 1 } : {};
  const checked = checkTask({ ...given(number), ...more });
  if (!checked.ok) throw new Error('the bench gives a wrong task');
  return checked.value;
}

const [dir, text] = process.argv.slice(2);
const count = Number(text);
mkdirSync(join(dir as string, 'handlers'), { recursive: true, mode: 0o700 });
for (const type of ['rare', 'bad']) writeFileSync(join(dir as string, 'handlers', `${type}.mjs`), FAILS(type));
let agoMs = months * monthMs;
const clock: Clock = { ...machineClock, wall: () => Date.now() - agoMs };
const bed = await openHere(dir, clock);
bed.begin();
const each = Math.ceil(count / months);
for (let month = 1; month <= months; month++) {
  const to = Math.min(count, month * each);
  for (let from = bed.state.totals.accepted; from < to; from += perCall) {
    const some = Array.from({ length: Math.min(perCall, to - from) }, (_, index) => taskOf(from + index));
    await bed.supervisor.accept(some, 'http');
  }
  const done = () => bed.state.totals.succeeded + bed.state.totals.failed;
  await new Promise<void>((resolve) => {
    const look = () => (done() >= to ? resolve() : void setTimeout(look, 20));
    look();
  });
  agoMs = (months - month) * monthMs;
}
// What a start would have to read again of the journal is none of the history's.
await bed.journal.snapshot(new StateWalk(bed.state, clock, () => bed.history.sync()), bed.state.seq);
process.exit(0);
