/**
 * What the end of the last segment means. The watermark `d` separates a tail that was never acknowledged, which may be
 * torn by a kill or a power cut and is dropped and counted, from damage to acknowledged data, which stops the start.
 * When in doubt it stops: a person can look, while what is dropped silently is gone.
 */
import { Damage } from './damage.ts';
import type { BadLine, Inspection } from './inspect.ts';

export type Verdict = 'fresh' | 'clean' | 'torn' | 'torn by power loss';

export interface Judgment {
  readonly verdict: Verdict;
  /** Last entry that is accepted. */
  readonly last: number;
  /** Entries up to here are known to be on disk; what follows is written again into the next segment. */
  readonly proven: { readonly seq: number; readonly bytes: number };
  readonly tail: { readonly from: number; readonly to: number } | null;
  readonly droppedLines: number;
  readonly droppedBytes: number;
}

/** @param rebooted whether the machine has started anew since the segment was opened: only then sectors may be lost */
export function judge(file: string, found: Inspection, rebooted: boolean): Judgment {
  if (!found.header) throw new Damage(file, 0, 'its header is damaged');
  const verdict = found.bad ? judgeBad(file, found, found.bad, rebooted) : 'clean';
  const group = found.openGroup;
  const last = group ? group.seq - 1 : found.last;
  const end = group ? group.offset : found.goodEnd;
  const batch = found.starts[0];
  // An incomplete group may reach back before what is proven: it was never acknowledged, so it goes whole.
  const from = Math.min(end, found.proven >= found.last || !batch ? found.goodEnd : batch.offset);
  const provenSeq = from === end ? last : (batch?.seq ?? found.header.first) - 1;
  return {
    verdict: verdict === 'clean' && group ? 'torn' : verdict,
    last,
    proven: { seq: provenSeq, bytes: from },
    tail: from < end ? { from, to: end } : null,
    droppedLines: (found.bad?.lines ?? 0) + (found.last - last),
    droppedBytes: found.size - end,
  };
}

function judgeBad(file: string, found: Inspection, bad: BadLine, rebooted: boolean): Verdict {
  const to = Math.max(found.proven, found.validAfter, bad.seq);
  const range = { from: bad.seq, to };
  if (found.sealed) throw new Damage(file, bad.offset, 'something stands behind the end of a complete segment', range);
  if (bad.seq <= found.proven) {
    throw new Damage(file, bad.offset, `entries known to be on disk are damaged (${DESCRIPTION[bad.reason]})`, range);
  }
  if (bad.reason !== 'unreadable') throw new Damage(file, bad.offset, DESCRIPTION[bad.reason], range);
  if (bad.zeroSector && rebooted) return 'torn by power loss';
  if (!bad.whole && bad.lines === 1 && !bad.zeroByte) return 'torn';
  throw new Damage(
    file,
    bad.offset,
    'the last entries are damaged in a way that neither a kill nor a power cut explains',
    {
      ...range,
      action:
        'they may never have been acknowledged: run `nightshift doctor check`; `nightshift doctor accept-tail` copies them to quarantine and goes on',
    },
  );
}

const DESCRIPTION = {
  unreadable: 'the line does not match its checksum',
  sequence: 'entries are missing, doubled or out of order',
  group: 'a list of entries that belong together is not complete',
  newline: 'the line feed of a complete line was changed',
  unknown: 'the line is of a kind this version does not know',
  'after the seal': 'something stands behind the end of a complete segment',
} as const;
