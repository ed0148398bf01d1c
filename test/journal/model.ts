/**
 * A small state over a journal, and what it ought to be: every test of the journal compares what a start recovers with
 * what was submitted and what was acknowledged. Acknowledged ⊆ recovered ⊆ submitted, in order and without a gap.
 */
import type { Clock } from '../../supervisor/clock.ts';
import type { Fault } from '../../supervisor/core/fault.ts';
import { type Disk, machineDisk } from '../../supervisor/journal/disk.ts';
import type { FsyncPolicy, Place, Replayer, SnapshotSource } from '../../supervisor/journal/journal.ts';
import type { Journal } from '../../supervisor/journal/live-journal.ts';
import { openJournal } from '../../supervisor/journal/open.ts';
import type { RecoveryReport } from '../../supervisor/journal/report.ts';

interface Entity {
  seq: number;
  params: string;
  place: Place;
}

/** What happened, as the one who submitted it knows. Lives longer than any journal. */
export class Ledger {
  /** By sequence number; index 0 is not used. Later lives overwrite what an earlier one lost. */
  readonly submitted: { id: string; params: string | null; groupLeft: number }[] = [
    { id: '', params: null, groupLeft: 0 },
  ];
  acknowledged = 0;

  /** State after the first `seq` entries. */
  stateAt(seq: number): Map<string, string> {
    const state = new Map<string, string>();
    for (const { id, params } of this.submitted.slice(1, seq + 1)) {
      if (params === null) state.delete(id);
      else state.set(id, params);
    }
    return state;
  }
}

/** Keeps `id → params`. */
export class Keeper implements Replayer {
  readonly entities = new Map<string, Entity>();
  last = 0;
  entries = 0;
  sliceLines = 3;
  publishedCount = 0;
  /** Between two slices of a snapshot. */
  between: (() => void) | null = null;

  entity(seq: number, bytes: Buffer, start: number, end: number, file: number, offset: number): void {
    this.#apply(seq, bytes, start, end, file, offset);
  }

  startOver(): void {
    this.entities.clear();
    this.last = this.entries = 0;
  }

  entry(seq: number, _at: number, bytes: Buffer, start: number, end: number, file: number, offset: number): void {
    if (this.last !== 0 && seq !== this.last + 1) throw new Error(`entry ${seq} after ${this.last}`);
    this.last = seq;
    this.entries++;
    this.#apply(seq, bytes, start, end, file, offset);
  }

  #apply(seq: number, bytes: Buffer, start: number, end: number, file: number, offset: number): void {
    const { id, params } = JSON.parse(`{${bytes.toString('utf8', start, end)}}`) as { id: string; params?: unknown };
    if (params === undefined) {
      this.entities.delete(id);
      return;
    }
    const known = this.entities.get(id);
    if (known && known.seq >= seq) return;
    const text = JSON.stringify(params);
    const length = Buffer.byteLength(text);
    this.entities.set(id, { seq, params: text, place: { file, offset: offset + (end - start) - length, length } });
  }

  /** A walk over the state as it is while it goes on changing; one for each snapshot. */
  source(): SnapshotSource {
    const walk = [...this.entities.keys()];
    const placed: [string, number, Place][] = [];
    let ids: string[] = [];
    return {
      next: () => {
        this.between?.();
        if (walk.length === 0) return null;
        ids = walk.splice(0, this.sliceLines).filter((id) => this.entities.has(id));
        return ids.map((id) => {
          const { seq, place } = this.entities.get(id) as Entity;
          return { seq, body: bodyOf(id), tail: place };
        });
      },
      placed: (file, offsets) => {
        for (const [index, id] of ids.entries()) {
          const { seq, place } = this.entities.get(id) as Entity;
          placed.push([
            id,
            seq,
            { file, offset: (offsets[index] as number) + Buffer.byteLength(bodyOf(id)), length: place.length },
          ]);
        }
      },
      published: () => {
        this.publishedCount++;
        for (const [id, seq, place] of placed) {
          const entity = this.entities.get(id);
          if (entity?.seq === seq) entity.place = place;
        }
      },
    };
  }

  state(): Map<string, string> {
    return new Map([...this.entities].map(([id, entity]) => [id, entity.params]));
  }
}

function bodyOf(id: string): string {
  return `"id":${JSON.stringify(id)},"params":`;
}

export interface LifeOptions {
  readonly dir: string;
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly fsync?: FsyncPolicy;
  readonly bootId?: string;
  readonly segmentBytesMax?: number;
  readonly snapshotBytesMin?: number;
}

/** One life of a journal: opened on what is there, compared with the ledger, then written to. */
export class Life {
  readonly journal: Journal;
  readonly report: RecoveryReport;
  readonly keeper: Keeper;
  readonly ledger: Ledger;
  readonly faults: Fault[] = [];
  #groups = 0;

  constructor(journal: Journal, report: RecoveryReport, keeper: Keeper, ledger: Ledger) {
    this.journal = journal;
    this.report = report;
    this.keeper = keeper;
    this.ledger = ledger;
    keeper.last = report.lastSeq;
    journal.onFailure((fault) => this.faults.push(fault));
    ledger.submitted.length = report.lastSeq + 1;
    ledger.acknowledged = report.lastSeq;
  }

  static async open(ledger: Ledger, options: LifeOptions): Promise<Life> {
    const keeper = new Keeper();
    const { journal, report } = await openJournal({
      disk: machineDisk,
      incarnation: 'test',
      version: '0.0.0',
      bootId: 'boot-1',
      fsync: 'always',
      replayer: keeper,
      ...options,
    });
    compare(ledger, report, keeper);
    return new Life(journal, report, keeper, ledger);
  }

  /** Submits one change without waiting; `params` null removes. @returns its sequence number */
  put(id: string, params: unknown, group?: { id: string; index: number; count: number }): number {
    const seq = this.journal.nextSeq;
    const text = params === null ? null : JSON.stringify(params);
    const body = `"e":"${text === null ? 'removed' : 'put'}","id":${JSON.stringify(id)}${text === null ? '' : `,"params":${text}`}`;
    const { file, offset, length } = this.journal.append(seq, 1_800_000_000_000 + seq, body, group && { group });
    this.ledger.submitted[seq] = { id, params: text, groupLeft: group ? group.count - 1 - group.index : 0 };
    if (text === null) this.keeper.entities.delete(id);
    else {
      const bytes = Buffer.byteLength(text);
      this.keeper.entities.set(id, {
        seq,
        params: text,
        place: { file, offset: offset + length - bytes, length: bytes },
      });
    }
    return seq;
  }

  putGroup(ids: readonly string[], params: unknown): number {
    const id = `g${++this.#groups}`;
    let seq = 0;
    for (const [index, member] of ids.entries()) seq = this.put(member, params, { id, index, count: ids.length });
    return seq;
  }

  async acknowledge(seq = this.journal.nextSeq - 1): Promise<void> {
    await this.journal.durable(seq);
    this.ledger.acknowledged = Math.max(this.ledger.acknowledged, seq);
  }

  snapshot(): Promise<void> {
    return this.journal.snapshot(this.keeper.source(), this.journal.nextSeq - 1);
  }

  /** Reads the params of everything back from where they stand, and compares. */
  async readBack(): Promise<void> {
    const entities = [...this.keeper.entities.entries()];
    const texts = await this.journal.read(entities.map(([, entity]) => entity.place));
    for (const [index, [id, entity]] of entities.entries()) {
      if (texts[index] !== entity.params)
        throw new Error(`WRONG PLACE: ${id} reads ${texts[index]}, not ${entity.params}`);
    }
  }

  async add(id: string, params: unknown): Promise<void> {
    await this.acknowledge(this.put(id, params));
  }
}

/** Throws when something acknowledged is missing, something never submitted is there, or a list is there in part. */
export function compare(ledger: Ledger, report: RecoveryReport, keeper: Keeper): void {
  if (report.lastSeq < ledger.acknowledged)
    throw new Error(`LOST: acknowledged to ${ledger.acknowledged}, recovered to ${report.lastSeq}`);
  if (report.lastSeq >= ledger.submitted.length)
    throw new Error(`INVENTED: submitted to ${ledger.submitted.length - 1}, recovered to ${report.lastSeq}`);
  if ((ledger.submitted[report.lastSeq]?.groupLeft ?? 0) > 0)
    throw new Error(`HALF A LIST: recovered to ${report.lastSeq}`);
  const wanted = ledger.stateAt(report.lastSeq);
  const got = keeper.state();
  if (wanted.size !== got.size)
    throw new Error(`WRONG STATE: ${got.size} instead of ${wanted.size} at ${report.lastSeq}`);
  for (const [id, params] of wanted)
    if (got.get(id) !== params)
      throw new Error(`WRONG STATE: ${id} is ${got.get(id)?.slice(0, 60)}, not ${params.slice(0, 60)}`);
}
