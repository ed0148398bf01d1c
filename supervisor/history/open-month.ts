/** Opens one month that a start has found, plain or archived: how far it is indexed, and whether the index is of this file. */
import { join } from 'node:path';
import { Archive } from './archive.ts';
import { knownDamage } from './damage.ts';
import { runName, tailCheck } from './indexer.ts';
import { Month } from './month.ts';
import { archiveFile, indexFolder, monthFile } from './places.ts';
import type { RecoverOptions } from './recover.ts';
import { Run } from './run.ts';
import { lastGroup } from './scan.ts';

export const RUN_FILE = /^(\d{4}-\d{2})\.(\d+)-(\d+)\.idx$/;

/** A month as it was found. */
export interface Candidate {
  readonly month: Month;
  /** Bytes from the start that have an index. */
  readonly indexed: number;
  readonly lastSeq: number | null;
}

export async function openMonth(
  options: RecoverOptions,
  name: string,
  runNames: readonly string[],
  archive: Archive | null = null,
): Promise<Candidate> {
  const { disk, folder } = options;
  const path = join(folder, monthFile(name));
  const size = archive ? archive.size : await disk.size(path);
  const runs = await openRuns(options, name, runNames);
  let month = new Month(disk, name, path, size, runs.at(-1)?.summary.to ?? 0);
  month.runs = runs;
  month.archive = archive;
  try {
    if (runs.length > 0 && !(await fits(month, runs))) {
      await discard(options, month);
      month = new Month(disk, name, path, size, 0);
      month.archive = archive;
    }
    const indexed = month.tail.from;
    for (const { summary } of month.runs)
      if (summary.damagedLines > 0) options.damage(knownDamage(month.file, summary));
    const known = archive?.summary?.maxSeq ?? maxSeqOf(month, indexed === size);
    return { month, indexed, lastSeq: known ?? (await lastGroup(month.read, size))?.seq ?? null };
  } catch (error) {
    await month.close();
    throw error;
  }
}

/** The index is of another file than this one. */
async function discard({ disk, damage }: RecoverOptions, month: Month): Promise<void> {
  const indexed = month.tail.from;
  if (indexed > month.size) {
    const what = 'the file is shorter than its index knew it';
    damage({ file: month.file, offset: month.size, bytes: indexed - month.size, what });
  }
  await month.close();
  for (const run of month.runs) await disk.remove(run.path);
}

async function fits(month: Month, runs: readonly Run[]): Promise<boolean> {
  const { to, tailBytes, tailCrc } = (runs.at(-1) as Run).summary;
  if (to > month.size) return false;
  const packed = month.archive?.summary;
  if (packed && to === packed.plainBytes) return packed.tailBytes === tailBytes && packed.tailCrc === tailCrc;
  const check = await tailCheck(month, to);
  return check.tailBytes === tailBytes && check.tailCrc === tailCrc;
}

/** Runs that cover the file from its start without a gap, the largest first; the others are removed. */
async function openRuns({ disk, folder }: RecoverOptions, month: string, names: readonly string[]): Promise<Run[]> {
  const stretches = names
    .flatMap((name) => {
      const match = RUN_FILE.exec(name);
      return match && match[1] === month ? [{ name, from: Number(match[2]), to: Number(match[3]) }] : [];
    })
    .sort((a, b) => a.from - b.from || b.to - a.to);
  const runs: Run[] = [];
  let covered = 0;
  for (const { name, from, to } of stretches) {
    const path = join(indexFolder(folder), name);
    const run = from === covered ? await Run.open(disk, path).catch(() => null) : null;
    if (run && runName(month, run.summary.from, run.summary.to) === name) {
      runs.push(run);
      covered = to;
    } else {
      await run?.close();
      await disk.remove(path);
    }
  }
  return runs;
}

function maxSeqOf(month: Month, indexed: boolean): number | null {
  return indexed ? Math.max(0, ...month.runs.map((run) => run.summary.maxSeq)) : null;
}

/** @returns null for one that cannot be opened at all: it is named, and everything else goes on */
export async function openArchived(
  options: RecoverOptions,
  name: string,
  runNames: readonly string[],
): Promise<Candidate | null> {
  const file = archiveFile(name);
  const damage = (offset: number, bytes: number, what: string) => options.damage({ file, offset, bytes, what });
  try {
    const archive = await Archive.open(options.disk, join(options.folder, file));
    archive.unreadable = damage;
    if (!archive.summary) damage(archive.size, 0, 'the end of the archive is damaged or cut off');
    return await openMonth(options, name, runNames, archive);
  } catch (error) {
    damage(0, 0, `the archive cannot be read: ${(error as Error).message}`);
    return null;
  }
}
