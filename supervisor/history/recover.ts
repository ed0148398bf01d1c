/**
 * What history finds when it starts: which months there are, how far each is indexed, where the last record stands, and
 * whether its end is torn.
 *
 * Only the month written last can have an unfinished end, because a month is synced before the next one is begun. What
 * stands above `provenSeq` the journal still holds, so a damaged end may be cut there and is written again. Damage below
 * it is damage: it is named, the records around it stay.
 */
import { join } from 'node:path';
import { Fault } from '../core/fault.ts';
import { type Cut, cutAt } from './cut.ts';
import type { Disk } from './disk.ts';
import { runName, tailCheck } from './indexer.ts';
import { Month } from './month.ts';
import { Run } from './run.ts';
import { type Found, type LastGroup, lastGroup, scanLines } from './scan.ts';
import { Tail } from './source.ts';

/** A stretch of a file that is not what was written there. */
export interface Damage {
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  readonly what: string;
}

interface RecoverOptions {
  readonly disk: Disk;
  readonly folder: string;
  /** Where bytes that are cut off are kept. */
  readonly quarantine: string;
  readonly provenSeq: number;
  readonly journalSeq: number;
  readonly damage: (damage: Damage) => void;
}

export interface Recovered {
  readonly months: Map<string, Month>;
  readonly last: LastGroup | null;
  readonly cuts: readonly Cut[];
  /** Months of which the end has yet to be indexed, and from where on. */
  readonly unindexed: readonly { readonly month: Month; readonly indexed: number }[];
  /** Month whose end no sync has vouched for, and where that end begins. */
  readonly unproven: { readonly month: Month; readonly from: number } | null;
}

/** More than a crash can leave; then somebody has changed the journal. */
const aheadBytesMax = 64 * 1024 * 1024;
const MONTH_FILE = /^(\d{4}-\d{2})\.ndjson$/;
const RUN_FILE = /^(\d{4}-\d{2})\.(\d+)-(\d+)\.idx$/;

interface Candidate {
  readonly month: Month;
  readonly indexed: number;
  readonly lastSeq: number | null;
}

export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { disk, folder } = options;
  await disk.makeFolder(indexFolder(folder));
  const names = (await disk.list(folder)).flatMap((name) => MONTH_FILE.exec(name)?.[1] ?? []);
  const runNames = await sweep(options, new Set(names));
  const candidates: Candidate[] = [];
  try {
    const cuts: Cut[] = [];
    for (const name of names) {
      candidates.push(await openMonth(options, name, runNames));
      const cut = await cutAhead(options, candidates.at(-1) as Candidate);
      if (!cut) continue;
      cuts.push(cut);
      await candidates.pop()?.month.close();
      candidates.push(await openMonth(options, name, runNames));
    }
    return await settle(options, candidates, cuts);
  } catch (error) {
    for (const { month } of candidates) await month.close();
    throw error;
  }
}

async function settle(options: RecoverOptions, candidates: readonly Candidate[], cuts: Cut[]): Promise<Recovered> {
  const active = activeOf(candidates);
  const openEnd = active !== null && active.indexed < active.month.size;
  const torn = openEnd ? await recoverEnd(options, active.month) : null;
  if (torn) cuts.push(torn);
  const unindexed = candidates.filter((one) => one !== active && one.indexed < one.month.size);
  // New rows begin behind what is still to be read.
  for (const { month } of unindexed) month.tails = [new Tail(month.size)];
  return {
    months: new Map(candidates.map(({ month }) => [month.name, month])),
    last: await lastOf(candidates, active),
    cuts,
    unindexed,
    unproven: openEnd ? { month: active.month, from: active.indexed } : null,
  };
}

export function indexFolder(folder: string): string {
  return join(folder, 'index');
}

/** Removes what an interrupted indexer left, and indexes of months that are gone. @returns names of the others */
async function sweep({ disk, folder, damage }: RecoverOptions, months: ReadonlySet<string>): Promise<string[]> {
  const kept: string[] = [];
  const gone = new Set<string>();
  for (const name of await disk.list(indexFolder(folder))) {
    const month = RUN_FILE.exec(name)?.[1];
    if (month && months.has(month)) kept.push(name);
    else if (month || name.endsWith('.idx.tmp')) await disk.remove(join(indexFolder(folder), name));
    if (month && !months.has(month)) gone.add(month);
  }
  for (const month of gone) {
    damage({ file: `${month}.ndjson`, offset: 0, bytes: 0, what: 'the file is gone, its index was still there' });
  }
  return kept;
}

async function openMonth(options: RecoverOptions, name: string, runNames: readonly string[]): Promise<Candidate> {
  const { disk, folder } = options;
  const path = join(folder, `${name}.ndjson`);
  const size = await disk.size(path);
  const runs = await openRuns(options, name, runNames);
  let month = new Month(disk, name, path, size, runs.at(-1)?.summary.to ?? 0);
  month.runs = runs;
  try {
    if (runs.length > 0 && !(await fits(month, runs))) {
      await discard(options, month);
      month = new Month(disk, name, path, size, 0);
    }
    const indexed = month.tail.from;
    for (const { summary } of month.runs) if (summary.damagedLines > 0) options.damage(knownDamage(name, summary));
    const known = indexed === size ? Math.max(0, ...month.runs.map((run) => run.summary.maxSeq)) : null;
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
    damage({ file: `${month.name}.ndjson`, offset: month.size, bytes: indexed - month.size, what });
  }
  await month.close();
  for (const run of month.runs) await disk.remove(run.path);
}

function knownDamage(
  month: string,
  { from, to, damagedLines }: { from: number; to: number; damagedLines: number },
): Damage {
  return {
    file: `${month}.ndjson`,
    offset: from,
    bytes: to - from,
    what: `${unreadable(damagedLines)} in this stretch`,
  };
}

async function fits(month: Month, runs: readonly Run[]): Promise<boolean> {
  const { to, tailBytes, tailCrc } = (runs.at(-1) as Run).summary;
  if (to > month.size) return false;
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

/** The month written last: the one with the highest sequence number, or one whose end says nothing. */
function activeOf(candidates: readonly Candidate[]): Candidate | null {
  const unreadable = candidates.filter(({ lastSeq, month }) => lastSeq === null && month.size > 0).at(-1);
  if (unreadable) return unreadable;
  let active: Candidate | null = null;
  for (const one of candidates) if (!active || (one.lastSeq ?? -1) >= (active.lastSeq ?? -1)) active = one;
  return active;
}

/** What was cut may have been all of a month just begun; then the last record stands in the month before. */
async function lastOf(candidates: readonly Candidate[], active: Candidate | null): Promise<LastGroup | null> {
  if (!active) return null;
  const last = await lastGroup(active.month.read, active.month.size);
  const before = activeOf(candidates.filter((one) => one !== active && one.lastSeq !== null));
  if (!before || (last?.seq ?? -1) >= (before.lastSeq ?? -1)) return last;
  return lastGroup(before.month.read, before.month.size);
}

/**
 * A record may have reached the disk before the entry that ended its task, and that entry been lost: nobody was told of
 * it, and its sequence number is going to be given again. Such records are taken back.
 */
async function cutAhead(options: RecoverOptions, { month, lastSeq }: Candidate): Promise<Cut | null> {
  const { disk, journalSeq } = options;
  if (lastSeq === null || lastSeq <= journalSeq) return null;
  const trusted = month.runs.findIndex(({ summary }) => summary.maxSeq > journalSeq);
  const stale = trusted < 0 ? [] : month.runs.slice(trusted);
  const from = stale[0]?.summary.from ?? month.tail.from;
  for await (const piece of scanLines(month.read, from, month.size)) {
    const first = piece.find(({ head }) => head && head.seq > journalSeq);
    if (!first) continue;
    if (month.size - first.offset > aheadBytesMax) throw tooFarAhead(month, lastSeq, journalSeq);
    const cut = await cutAt(options, month, first.offset, 'ahead of the journal');
    for (const run of stale) await disk.remove(run.path);
    return cut;
  }
  return null;
}

function tooFarAhead(month: Month, lastSeq: number, journalSeq: number): Fault {
  return new Fault(
    'damaged',
    `${month.path} goes up to sequence ${lastSeq}, but the journal ends at ${journalSeq}: they do not belong together`,
    'Bring back the journal that belongs to this history, or move the history folder aside.',
  );
}

/** Indexes the end of the month written last, and cuts it where it is torn. */
async function recoverEnd(options: RecoverOptions, month: Month): Promise<Cut | null> {
  let bad: Found[] = [];
  for await (const piece of scanLines(month.read, month.tail.to, month.size)) {
    for (const found of piece) {
      if (!found.head) {
        bad.push(found);
        continue;
      }
      if (bad[0] && found.head.seq > options.provenSeq) return cutAt(options, month, bad[0].offset, 'damaged');
      if (bad.length > 0) isolate(options, month, month.tail, bad);
      bad = [];
      month.addRow(found.head, found.offset, found.bytes);
    }
  }
  return bad[0] ? cutAt(options, month, bad[0].offset, bad.length === 1 ? 'torn' : 'damaged') : null;
}

/** Names damaged lines as one stretch and leaves them out of the index. */
export function isolate(
  { damage }: Pick<RecoverOptions, 'damage'>,
  month: Month,
  tail: Tail,
  bad: readonly Found[],
): void {
  const [first, last] = [bad[0] as Found, bad.at(-1) as Found];
  const end = last.offset + last.bytes;
  tail.skip(bad.length, end);
  damage({
    file: `${month.name}.ndjson`,
    offset: first.offset,
    bytes: end - first.offset,
    what: unreadable(bad.length),
  });
}

function unreadable(lines: number): string {
  return lines === 1 ? '1 unreadable line' : `${lines} unreadable lines`;
}
