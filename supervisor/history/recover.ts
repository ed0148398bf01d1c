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
import { halfEnding } from './archive-writer.ts';
import { type Cut, cutAt } from './cut.ts';
import { type Damage, isolate } from './damage.ts';
import type { Disk } from './disk.ts';
import type { Month } from './month.ts';
import { type Candidate, openArchived, openMonth, RUN_FILE } from './open-month.ts';
import { archiveFolder, indexFolder } from './places.ts';
import { type Found, type LastGroup, lastGroup, scanLines } from './scan.ts';
import { Tail } from './source.ts';

export interface RecoverOptions {
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
  /** Where that stands. */
  readonly newest: Month | null;
  readonly cuts: readonly Cut[];
  /** Months of which the end has yet to be indexed, and from where on. */
  readonly unindexed: readonly { readonly month: Month; readonly indexed: number }[];
  /** Month whose end no sync has vouched for, and where that end begins. */
  readonly unproven: { readonly month: Month; readonly from: number } | null;
}

/** More than a crash can leave; then somebody has changed the journal. */
const aheadBytesMax = 64 * 1024 * 1024;
const MONTH_FILE = /^(\d{4}-\d{2})\.ndjson$/;
const ARCHIVE_FILE = /^(\d{4}-\d{2})\.ndjson\.gz$/;

export async function recover(options: RecoverOptions): Promise<Recovered> {
  const { disk, folder } = options;
  await disk.makeFolder(indexFolder(folder));
  const names = (await disk.list(folder)).flatMap((name) => MONTH_FILE.exec(name)?.[1] ?? []);
  // Left by a crash, or brought back by a person: the plain file is the truth then, until it is packed once more.
  const archived = (await archivesIn(options)).filter((name) => !names.includes(name));
  const runNames = await sweep(options, new Set([...names, ...archived]));
  const candidates: Candidate[] = [];
  try {
    const cuts: Cut[] = [];
    // Side by side: years of them are many small looks.
    const opened = await Promise.all(archived.map((name) => openArchived(options, name, runNames)));
    candidates.push(...opened.filter((one) => one !== null));
    for (const { month, lastSeq } of candidates)
      if ((lastSeq ?? 0) > options.journalSeq) throw tooFarAhead(month, lastSeq, options.journalSeq);
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
  const active = activeOf(candidates.filter(({ month }) => !month.archive));
  const openEnd = active !== null && active.indexed < active.month.size;
  const torn = openEnd ? await recoverEnd(options, active.month) : null;
  if (torn) cuts.push(torn);
  const unindexed = candidates.filter((one) => one !== active && one.indexed < one.month.size);
  // New rows begin behind what is still to be read.
  for (const { month } of unindexed) month.tails = [new Tail(month.size)];
  const { last, month: newest } = await lastOf(candidates, active);
  return {
    months: new Map(candidates.map(({ month }) => [month.name, month])),
    last,
    newest,
    cuts,
    unindexed,
    unproven: openEnd ? { month: active.month, from: active.indexed } : null,
  };
}

/** Names of archived months; what was not finished is removed. */
async function archivesIn({ disk, folder }: RecoverOptions): Promise<string[]> {
  const files = await disk.list(archiveFolder(folder));
  for (const name of files) {
    if (name.endsWith(halfEnding) && ARCHIVE_FILE.test(name.slice(0, -halfEnding.length)))
      await disk.remove(join(archiveFolder(folder), name));
  }
  return files.flatMap((name) => ARCHIVE_FILE.exec(name)?.[1] ?? []);
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

/** The month written last: the one with the highest sequence number, or one whose end says nothing. */
function activeOf(candidates: readonly Candidate[]): Candidate | null {
  const unreadable = candidates.filter(({ lastSeq, month }) => lastSeq === null && month.size > 0).at(-1);
  if (unreadable) return unreadable;
  let active: Candidate | null = null;
  for (const one of candidates) if (!active || (one.lastSeq ?? -1) >= (active.lastSeq ?? -1)) active = one;
  return active;
}

interface Last {
  readonly last: LastGroup | null;
  readonly month: Month | null;
}

/** What was cut may have been all of a month just begun; then the last record stands in the month before. */
async function lastOf(candidates: readonly Candidate[], active: Candidate | null): Promise<Last> {
  const found = await lastIn(active);
  const before = activeOf(candidates.filter((one) => one !== active && one.lastSeq !== null));
  return !before || (found.last?.seq ?? -1) >= (before.lastSeq ?? -1) ? found : lastIn(before);
}

async function lastIn(one: Candidate | null): Promise<Last> {
  return { last: one && (await lastGroup(one.month.read, one.month.size)), month: one?.month ?? null };
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

function tooFarAhead({ file }: Month, lastSeq: number | null, journalSeq: number): Fault {
  return new Fault(
    'damaged',
    `history/${file} goes up to sequence ${lastSeq}, but the journal ends at ${journalSeq}: they do not belong together`,
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
