/** Endings of made-up tasks, and a history to put them in. */
import { join } from 'node:path';
import type { Clock } from '../../supervisor/clock.ts';
import type { HistoryRecord } from '../../supervisor/core/record.ts';
import type { Damage } from '../../supervisor/history/damage.ts';
import type { Disk, DiskTrouble } from '../../supervisor/history/disk.ts';
import { type Ending, History } from '../../supervisor/history/history.ts';
import type { HistoryQuery } from '../../supervisor/history/query.ts';
import { ManualClock, ScriptedDisk } from './scripted-disk.ts';

export const november = Date.UTC(2026, 10, 10);
export const dayMs = 86_400_000;

/** A UUIDv7 of a moment; `nth` tells ids of one moment apart. */
export function idOf(at: number, nth = 0): string {
  const time = Math.trunc(at).toString(16).padStart(12, '0');
  const rest = nth.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${rest}`;
}

export interface MadeUp {
  readonly seq: number;
  readonly createdAt?: number;
  readonly finishedAt?: number;
  readonly id?: string;
  readonly state?: string;
  readonly type?: string;
  readonly text?: string;
  /** Of its last attempt; with it the record tells of its life as those of tasks do. */
  readonly durationMs?: number;
  readonly attempts?: number;
  readonly retriedAs?: string;
}

export function ending(made: MadeUp): { ending: Ending; json: string } {
  const finishedAt = made.finishedAt ?? november + made.seq * 1_000;
  const id = made.id ?? idOf(made.createdAt ?? finishedAt - 5_000, made.seq);
  const { type = 'http.download', state = 'succeeded', text = 'größer 下载' } = made;
  const iso = new Date(finishedAt).toISOString();
  const record = { id, type, state, ...lifeOf(made, finishedAt), params: { text }, finishedAt: iso };
  const durationMs = state === 'succeeded' ? (made.durationMs ?? null) : null;
  const told = { seq: made.seq, id, type, state, finishedAt, durationMs, rewritten: made.retriedAs !== undefined };
  const { retriedAs } = made;
  return { ending: told, json: JSON.stringify(retriedAs ? { ...record, retriedAs } : record) };
}

function lifeOf({ durationMs, attempts = 1, state = 'succeeded' }: MadeUp, finishedAt: number) {
  if (durationMs === undefined) return {};
  const startedAt = new Date(finishedAt - durationMs).toISOString();
  const ended = { startedAt, finishedAt: new Date(finishedAt).toISOString(), worker: 'cpu-1', handlerVersion: null };
  return {
    createdAt: startedAt,
    startedAt,
    finishedAt: ended.finishedAt,
    attempt: attempts,
    attempts: Array.from({ length: attempts }, (_, at) => {
      const outcome = at + 1 < attempts ? 'failed' : state;
      return { number: at + 1, outcome, ...ended };
    }),
    progress: null,
  };
}

export interface Bench {
  readonly history: History;
  readonly disk: ScriptedDisk;
  readonly clock: ManualClock;
  readonly troubles: DiskTrouble[];
  readonly recovered: string[];
  readonly damage: Damage[];
  /** @returns its id */
  add(made: MadeUp): string;
}

export interface BenchOptions {
  readonly provenSeq?: number;
  readonly journalSeq?: number;
  readonly disk?: ScriptedDisk;
}

/** Opens `folder` as a data folder's history; whatever is reported is collected. */
export async function openBench(
  folder: string,
  { provenSeq = 0, journalSeq = 1e9, disk = new ScriptedDisk() }: BenchOptions = {},
): Promise<Bench> {
  const clock = new ManualClock(november);
  const [troubles, recovered, damage]: [DiskTrouble[], string[], Damage[]] = [[], [], []];
  const history = await openHistory(folder, { provenSeq, journalSeq }, clock, disk, {
    trouble: (trouble) => troubles.push(trouble),
    recovered: (file) => recovered.push(file),
    damage: (one) => damage.push(one),
  });
  const add = (made: MadeUp) => {
    const { ending: told, json } = ending(made);
    history.append(told, json);
    return told.id;
  };
  return { history, disk, clock, troubles, recovered, damage, add };
}

export function openHistory(
  folder: string,
  known: { provenSeq: number; journalSeq: number },
  clock: Clock,
  disk: Disk,
  hear: Pick<Parameters<typeof History.open>[0], 'trouble' | 'recovered' | 'damage'>,
): Promise<History> {
  const folders = { folder: join(folder, 'history'), quarantine: join(folder, 'quarantine') };
  return History.open({ ...folders, ...known, clock, disk, ...hear });
}

export function seqs(records: readonly { readonly seq: number }[]): number[] {
  return records.map(({ seq }) => seq);
}

/** All pages of a query, one after another. */
export async function walk({ history }: Bench, query: Omit<HistoryQuery, 'after'>): Promise<HistoryRecord[]> {
  const all: HistoryRecord[] = [];
  for (let after: string | null = null; ; ) {
    const page = await history.list({ ...query, after });
    all.push(...page.items);
    if (page.next === null) return all;
    after = page.next;
  }
}
