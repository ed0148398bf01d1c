/**
 * Turns full tails into sorted runs and small runs into larger ones, one at a time, behind the appends. Nothing depends
 * on it but memory and the time of the next start: what it fails to write stays a tail and is tried again.
 */
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Contents } from './contents.ts';
import { type Disk, type DiskTrouble, troubleOf } from './disk.ts';
import { type IdRange, Merge } from './merge.ts';
import type { Month } from './month.ts';
import { Run } from './run.ts';
import { RunWriter } from './run-writer.ts';
import { type Source, Tail, tailRowsMax } from './source.ts';

/** So many neighboring runs of one size become one of the next: each row is written again once a level. */
const runsPerLevel = 8;
const tailCheckBytes = 4_096;
const everyId: IdRange = { low: new Uint32Array(4), high: new Uint32Array(4).fill(0xffff_ffff) };

interface IndexerOptions {
  readonly disk: Disk;
  /** `history/index` */
  readonly folder: string;
  readonly trouble: (trouble: DiskTrouble) => void;
}

export class Indexer {
  readonly #options: IndexerOptions;
  #turn: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(options: IndexerOptions) {
    this.#options = options;
  }

  /** Makes runs of the month's full tails. Never rejects. */
  flushFull(month: Month): Promise<void> {
    return this.#take(month, async () => {
      await this.#flush(month, false);
      await this.#mergeLevels(month);
    });
  }

  /** The month takes no more records for now: all of it becomes one run. Never rejects. */
  seal(month: Month): Promise<void> {
    return this.#take(month, async () => {
      await this.#flush(month, true);
      if (month.runs.length > 1 && isGapless(month.runs) && !this.#closing) await this.#merge(month, month.runs);
    });
  }

  /** Writes down what a next start would have to read again, and ends. Never rejects. */
  async close(months: Iterable<Month>): Promise<void> {
    this.#closing = true;
    for (const month of months) await this.#take(month, () => this.#flush(month, true));
  }

  #take(month: Month, work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch((error) => {
      this.#options.trouble(troubleOf('index', month.path, error));
    });
    return this.#turn;
  }

  async #flush(month: Month, partial: boolean): Promise<void> {
    for (const tail of [...month.tails]) {
      if (tail === month.tail) {
        if (!partial || tail.to === tail.from) return;
        month.tails.push(new Tail(tail.to));
      }
      await this.#makeRun(month, tail);
    }
  }

  async #makeRun(month: Month, tail: Tail): Promise<void> {
    // A run vouches for what it covers, so the data must be on disk first.
    await month.appender?.sync(tail.to);
    const view = tail.view();
    const sources: Source[] = view ? [view] : [];
    month.replaceTail(tail, await this.#write(month, sources, tail, tail.contents));
  }

  async #mergeLevels(month: Month): Promise<void> {
    for (let runs = mergeable(month.runs); runs && !this.#closing; runs = mergeable(month.runs)) {
      await this.#merge(month, runs);
    }
  }

  async #merge(month: Month, runs: readonly Run[]): Promise<void> {
    for (const run of runs) run.retain();
    try {
      const damagedLines = runs.reduce((sum, run) => sum + run.summary.damagedLines, 0);
      const [first, last] = [runs[0] as Run, runs.at(-1) as Run];
      const merged = { from: first.summary.from, to: last.summary.to, damagedLines };
      const contents = new Contents();
      for (const run of runs) await contents.join(await run.contents(true));
      month.replaceRuns(runs, await this.#write(month, runs, merged, contents));
    } finally {
      for (const run of runs) run.release();
    }
  }

  async #write(
    month: Month,
    sources: readonly Source[],
    covered: { from: number; to: number; damagedLines: number },
    contents: Contents,
  ): Promise<Run> {
    const { disk, folder } = this.#options;
    const path = join(folder, runName(month.name, covered.from, covered.to));
    const writer = await RunWriter.create(disk, path);
    try {
      const merge = new Merge(
        sources.map((source) => ({ source, owner: month })),
        everyId,
        false,
      );
      while (await merge.fill()) {
        for (let cursor = merge.peek(); cursor; cursor = merge.peek()) {
          writer.add(cursor.rows, cursor.row);
          if (writer.full) await writer.flush();
          merge.advance(cursor);
        }
      }
      const { from, to, damagedLines } = covered;
      await writer.finish({ from, to, damagedLines, ...(await tailCheck(month, to)) }, contents);
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    const run = await Run.open(disk, path);
    if (!run) throw new Error(`${path} could not be read back`);
    return run;
  }
}

export function runName(month: string, from: number, to: number): string {
  return `${month}.${from}-${to}.idx`;
}

/** Length and crc of the last bytes before `to`: whether the data is still what was indexed. */
export async function tailCheck(month: Month, to: number): Promise<{ tailBytes: number; tailCrc: number }> {
  const tailBytes = Math.min(tailCheckBytes, to);
  const bytes = Buffer.alloc(tailBytes);
  await month.read(bytes, tailBytes, to - tailBytes);
  return { tailBytes, tailCrc: crc32(bytes) };
}

function levelOf(run: Run): number {
  return Math.max(0, Math.ceil(Math.log(run.count / tailRowsMax) / Math.log(runsPerLevel)));
}

/** The first neighbors of one level that are enough for the next. */
function mergeable(runs: readonly Run[]): readonly Run[] | null {
  for (let start = 0; start + runsPerLevel <= runs.length; start++) {
    const some = runs.slice(start, start + runsPerLevel);
    const level = levelOf(some[0] as Run);
    if (some.every((run) => levelOf(run) === level) && isGapless(some)) return some;
  }
  return null;
}

function isGapless(runs: readonly Run[]): boolean {
  return runs.every((run, index) => index === 0 || runs[index - 1]?.summary.to === run.summary.from);
}
