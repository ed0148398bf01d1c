/** Where a queue is kept: what it needs of a journal, of histories and a ledger, and these in a folder, recovered. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { History } from '../history/history.ts';
import type { Ledger } from '../history/ledger.ts';
import { machineDisk } from '../journal/disk.ts';
import type { Journal } from '../journal/live-journal.ts';
import type { PastRuns } from '../past-runs.ts';

export interface Records {
  readonly journal: Pick<
    Journal,
    | 'append'
    | 'close'
    | 'durability'
    | 'durable'
    | 'full'
    | 'onDurable'
    | 'onSpace'
    | 'read'
    | 'snapshot'
    | 'snapshotDue'
  >;
  readonly history: Pick<
    History,
    'append' | 'close' | 'count' | 'endingsCount' | 'get' | 'getAll' | 'list' | 'stats' | 'sync'
  >;
  readonly ledger: Pick<Ledger, 'append' | 'close' | 'sync'>;
  readonly pastRuns: Pick<PastRuns, 'append' | 'close' | 'sync'>;
}

/** Makes a folder, and the names that lead to it durable: what is in it would be lost with them. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  machineDisk.makeFolder(path);
}
