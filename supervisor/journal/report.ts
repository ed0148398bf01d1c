/** What a start found, for the log, the page and whoever decides what to do about tasks that were running. */
import type { FsyncPolicy } from './journal.ts';
import type { Replayed } from './recover.ts';
import type { Fed } from './replay.ts';
import type { Survey } from './survey.ts';
import type { Verdict } from './verdict.ts';

export interface RecoveryReport {
  readonly verdict: Verdict;
  readonly entities: number;
  readonly entries: number;
  readonly droppedLines: number;
  readonly droppedBytes: number;
  readonly snapshotSeq: number;
  readonly lastSeq: number;
  /** Wall time of the last sign of life, ms since 1970; 0 in a fresh folder. */
  readonly lastAt: number;
  /** Stopped as asked. */
  readonly cleanStop: boolean;
  /** The machine has not started anew since: processes of before may still be there. */
  readonly sameBoot: boolean;
  /** Power was lost under `everysec` or `no`: entries after `afterSeq` may have been acknowledged and be gone. */
  readonly lostWindow?: { readonly afterSeq: number; readonly afterAt: number; readonly fsync: FsyncPolicy };
  readonly notes: readonly string[];
  readonly tookMs: number;
}

/** @param tail what had been replayed once the unproven tail was, too */
export function reportOf(
  survey: Survey,
  replayed: Replayed,
  tail: Fed,
  input: { bootId: string },
  tookMs: number,
): RecoveryReport {
  const { last, manifest } = survey;
  const header = last?.inspection.header ?? null;
  const cleanStop = last === null ? manifest.clean : last.inspection.clean;
  const sameBoot = header !== null && header.boot === input.bootId;
  const lost = header !== null && header.fsync !== 'always' && !cleanStop && !sameBoot;
  const lastAt = Math.max(tail.lastAt, last?.inspection.lastAt ?? 0, manifest.at);
  return {
    verdict: manifest.gen === 0 ? 'fresh' : (last?.judgment.verdict ?? 'clean'),
    entities: replayed.entities,
    entries: tail.entries,
    droppedLines: last?.judgment.droppedLines ?? 0,
    droppedBytes: last?.judgment.droppedBytes ?? 0,
    snapshotSeq: replayed.snapshot?.seq ?? 0,
    lastSeq: tail.last,
    lastAt,
    cleanStop,
    sameBoot,
    ...(lost && header && { lostWindow: { afterSeq: tail.last, afterAt: lastAt, fsync: header.fsync } }),
    notes: survey.notes,
    tookMs,
  };
}
