/** What this machine can do at best: the figures beside which ours are read. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { type Bench, type Figure, percentile, perSecond } from './figure.ts';

const lineBytes = 315;

export const floors: Bench = async (quick) => [...appends(quick), ...(await roundTrips(quick))];

function appends(quick: boolean): Figure[] {
  const dir = mkdtempSync(join(tmpdir(), 'nightshift-floor-'));
  const fd = openSync(join(dir, 'lines'), 'a');
  const figures = [1, 64, 512, 1_000].map((lines) => append(fd, lines, quick ? 200 : 1_500));
  closeSync(fd);
  rmSync(dir, { recursive: true });
  return figures.flat();
}

/** Appends `lines` lines at a time, each time with fdatasync. */
function append(fd: number, lines: number, ms: number): Figure[] {
  const bytes = Buffer.alloc(lineBytes * lines, 'x');
  const took: number[] = [];
  // The first sync also writes down that the file has grown from nothing.
  writeSync(fd, bytes);
  fdatasyncSync(fd);
  const since = performance.now();
  while (performance.now() - since < ms) {
    const before = performance.now();
    writeSync(fd, bytes);
    fdatasyncSync(fd);
    took.push(performance.now() - before);
  }
  const rate = (took.length * lines) / ((performance.now() - since) / 1_000);
  const figures: Figure[] = [
    { name: `floor: append + fdatasync, ${lines} at a time`, value: rate, unit: perSecond, target: null },
  ];
  if (lines === 1)
    figures.push({ name: 'floor: fdatasync of one line, p50', value: percentile(took, 0.5), unit: 'ms', target: null });
  return figures;
}

async function roundTrips(quick: boolean): Promise<Figure[]> {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('./floor-worker.js', import.meta.url)),
    name: 'nothing',
    minThreads: 2,
    maxThreads: 2,
    atomics: 'disabled',
  });
  await rate(pool, 1, quick ? 50 : 400);
  const one = await rate(pool, 1, quick ? 200 : 1_500);
  const many = await rate(pool, 64, quick ? 200 : 1_500);
  await pool.destroy();
  return [
    { name: 'floor: Piscina round trips, one by one', value: one, unit: perSecond, target: null },
    { name: 'floor: Piscina round trips, 64 a message', value: many, unit: perSecond, target: null },
  ];
}

async function rate(pool: Piscina, perMessage: number, ms: number): Promise<number> {
  const list = Array.from({ length: perMessage }, (_, number) => number);
  const since = performance.now();
  let done = 0;
  const caller = async () => {
    while (performance.now() - since < ms) {
      await pool.run(list);
      done += perMessage;
    }
  };
  await Promise.all(Array.from({ length: 64 }, caller));
  return done / ((performance.now() - since) / 1_000);
}
