/** Appends endings to the history of the folder given until it is killed, syncing now and then and saying so. */
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { machineClock } from '../../supervisor/clock.ts';
import { machineDisk } from '../../supervisor/history/disk.ts';
import { ending, openHistory } from './endings.ts';

const folder = process.argv[2] as string;
const fail = (what: unknown) => {
  process.stderr.write(`${JSON.stringify(what)}\n`);
  process.exit(1);
};
const history = await openHistory(folder, { provenSeq: 0, journalSeq: 1e9 }, machineClock, machineDisk, {
  trouble: fail,
  recovered: () => {},
  damage: fail,
});
process.stdout.write(`found ${history.lastSeq}\n`);
// Begins below what is there, as a replay does: what is held must not be appended twice.
for (let seq = Math.max(1, history.lastSeq - 100); ; seq++) {
  const { ending: told, json } = ending({
    seq,
    finishedAt: Date.UTC(2026, 9, 31) + seq * 30_000,
    text: 'x'.repeat(seq % 700),
  });
  history.append(told, json);
  if (seq % 50 === 0) await turnOfLoop();
  if (seq % 2_000 === 0) {
    await history.sync();
    process.stdout.write(`synced ${seq}\n`);
  }
}
