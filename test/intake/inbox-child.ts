/**
 * A process with an inbox and the smallest journal there is: one synced line a file. Run by the tests to be killed:
 * `inbox-child DATA N` kills itself after the N-th step; without N it takes what is there and ends.
 */
import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { machineClock } from '../../supervisor/clock.ts';
import { Inbox } from '../../supervisor/intake/inbox.ts';

const [dir, dieAt] = [process.argv[2] ?? '', Number(process.argv[3] ?? 0)];
const journal = join(dir, 'journal.ndjson');
let steps = 0;

function step(): void {
  if (++steps === dieAt) process.kill(process.pid, 'SIGKILL');
}

function append(line: object): void {
  const file = openSync(journal, 'a');
  writeSync(file, `${JSON.stringify(line)}\n`);
  fdatasyncSync(file);
  closeSync(file);
}

const lines = existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').filter(Boolean) : [];
const entries = lines.map((line) => JSON.parse(line) as { id: string; settled?: true });
const known = new Set(entries.filter(({ settled }) => !settled).map(({ id }) => id));
for (const { id, settled } of entries) if (settled) known.delete(id);

const inbox = new Inbox({
  dataDir: dir,
  settleMs: 50,
  retentionMs: null,
  owners: [],
  clock: machineClock,
  step,
  supervisor: {
    async submit(id, name, { tasks }) {
      step();
      append({ id, name, types: tasks.map((task) => task.type) });
      step();
    },
    known: () => known,
    settled(ids) {
      for (const id of ids) append({ id, settled: true });
    },
    raise() {},
    clear() {},
    log() {},
  },
});
await inbox.start();
await inbox.rescan();
await inbox.stop();
process.stdout.write(`${steps}\n`);
