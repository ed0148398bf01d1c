/**
 * A process that writes a journal until it is killed; the tests that kill it hold the list of what it acknowledged.
 * `node child.js MODE DIR [OPTIONS as JSON]`. What entry n holds follows from n alone, so that whoever opens the folder
 * next can tell whether each of them is there as it was written.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootId } from '../../supervisor/boot.ts';
import { Fault } from '../../supervisor/core/fault.ts';
import type { FsyncPolicy } from '../../supervisor/journal/journal.ts';
import { lockDataFolder } from '../../supervisor/journal/lock.ts';
import { Ledger, Life } from './model.ts';

interface ChildOptions {
  /** Entries a batch, and characters each. */
  lines?: number;
  chars?: number;
  segmentBytesMax?: number;
  /** A snapshot after so many batches. */
  snapshotEvery?: number;
  fsync?: FsyncPolicy;
  /** Stop as asked after so many batches. */
  batches?: number;
  /** Only open, compare and stop. */
  acknowledged?: number;
}

const ids = 40;
const [mode = '', dir = '', json = '{}'] = process.argv.slice(2);
const options = JSON.parse(json) as ChildOptions;
const { lines = 5, chars = 100, snapshotEvery = 7, batches = Number.POSITIVE_INFINITY } = options;

function paramsOf(seq: number): string {
  // Longer and shorter ones, known from the number alone.
  return `${seq}:${String.fromCharCode(97 + (seq % 26)).repeat((seq * 7919) % (chars * 2))}`;
}

/** The ledger as if everything had been submitted: what the state is after n entries, the last of each id tells. */
class KnownLedger extends Ledger {
  constructor(acknowledged: number) {
    super();
    this.submitted.length = 2 ** 31;
    this.acknowledged = acknowledged;
  }

  override stateAt(seq: number): Map<string, string> {
    const state = new Map<string, string>();
    for (let n = Math.max(1, seq - ids + 1); n <= seq; n++) state.set(`k${n % ids}`, JSON.stringify(paramsOf(n)));
    return state;
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function openHere(): Promise<Life> {
  const { segmentBytesMax = 64 * 1024, fsync = 'always', acknowledged = 0 } = options;
  const life = await Life.open(new KnownLedger(acknowledged), { dir, segmentBytesMax, fsync, bootId: bootId() });
  life.journal.onFailure((fault) => {
    say(`fault ${fault.message}`);
    process.exit(fault.exitCode);
  });
  say(`recovered ${life.report.lastSeq} ${life.report.verdict} ${life.report.droppedBytes}`);
  return life;
}

async function write(): Promise<void> {
  await lockDataFolder(dir);
  const life = await openHere();
  let snapshot: Promise<void> | null = null;
  for (let batch = 1; batch <= batches; batch++) {
    let seq = 0;
    for (let line = 0; line < lines; line++)
      seq = life.put(`k${life.journal.nextSeq % ids}`, paramsOf(life.journal.nextSeq));
    await life.journal.durable(seq);
    say(`acknowledged ${seq}`);
    if (batch % snapshotEvery === 0)
      snapshot ??= life.snapshot().then(() => {
        snapshot = null;
      });
  }
  await snapshot;
  await life.readBack();
  await life.journal.close();
  say('closed');
}

async function lock(): Promise<void> {
  const held = await lockDataFolder(dir);
  say('locked');
  process.on('SIGUSR2', () => {
    held.check();
    say('checked');
  });
  process.stdin.on('end', () => process.exit(0)).resume();
}

/** On a small file system of its own: fill it, be refused, make room, go on, start again. */
async function fill(): Promise<void> {
  const life = await openHere();
  const room = new Promise<void>((resolve) => life.journal.onSpace((full) => !full && resolve()));
  const ballast = join(dir, 'ballast');
  const { freeBytes } = life.journal.stats().space;
  writeFileSync(ballast, Buffer.alloc(Math.max(0, freeBytes - 60_000)));
  const step = async () => {
    for (let line = 0; line < lines; line++) life.put(`k${life.journal.nextSeq % ids}`, paramsOf(life.journal.nextSeq));
    await life.journal.durable(life.journal.nextSeq - 1);
  };
  while (!life.journal.full) await step();
  say(`full ${life.journal.nextSeq - 1}`);
  for (let n = 0; n < 3; n++) await step();
  rmSync(ballast);
  await room;
  say('room');
  await step();
  const last = life.journal.nextSeq - 1;
  await life.journal.close();
  const after = await Life.open(new KnownLedger(last), { dir, bootId: bootId() });
  await after.readBack();
  await after.journal.close();
  say(`again ${after.report.lastSeq}`);
}

const MODES: Readonly<Record<string, () => Promise<void>>> = { write, lock, fill };

MODES[mode]?.().catch((error: unknown) => {
  say(`${error instanceof Fault ? 'fault' : 'error'} ${(error as Error).stack}`);
  process.exit(error instanceof Fault ? error.exitCode : 1);
});
