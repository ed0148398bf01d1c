/** Where a queue is kept: what it needs of a journal, of histories and a ledger, and these in a folder, recovered. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Fault } from '../core/fault.ts';
import { freshState, type Limits } from '../core/state.ts';
import type { Health } from '../health.ts';
import { diskReports, reportLostWindow } from '../health-reports.ts';
import { History } from '../history/history.ts';
import { Ledger } from '../history/ledger.ts';
import { type Disk, machineDisk } from '../journal/disk.ts';
import type { FsyncPolicy } from '../journal/journal.ts';
import type { Journal } from '../journal/live-journal.ts';
import { openJournal } from '../journal/open.ts';
import { PastRuns } from '../past-runs.ts';
import { Replay } from '../replay.ts';

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
  readonly history: Pick<History, 'append' | 'close' | 'count' | 'endingsCount' | 'get' | 'list' | 'stats' | 'sync'>;
  readonly ledger: Pick<Ledger, 'append' | 'close' | 'sync'>;
  readonly pastRuns: Pick<PastRuns, 'append' | 'close' | 'sync'>;
}

export interface FolderRecords extends Records {
  readonly history: History;
  readonly replay: Replay;
}

export interface FolderOptions {
  readonly folder: string;
  readonly fsync: FsyncPolicy;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Of the journal. */
  readonly disk?: Disk;
  readonly identity: { readonly incarnation: string; readonly version: string; readonly bootId: string };
  readonly health: Health;
  readonly warn: (message: string) => void;
  readonly onFault: (fault: Fault) => void;
}

/** Makes a folder, and the names that lead to it durable: what is in it would be lost with them. */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  machineDisk.makeFolder(path);
}

/** The folder is locked by us. */
export async function folderRecords(options: FolderOptions): Promise<FolderRecords> {
  const { folder, fsync, limits, clock, disk = machineDisk, identity, health, warn, onFault } = options;
  const replay = new Replay(() => freshState(limits));
  const { journal, report } = await openJournal({ dir: folder, clock, disk, fsync, replayer: replay, ...identity });
  try {
    journal.onFailure(onFault);
    replay.settle();
    replay.state.seq = journal.nextSeq - 1;
    for (const note of report.notes) warn(note);
    if (report.lostWindow) reportLostWindow(report.lostWindow, health);
    const proven = { provenSeq: report.snapshotSeq, journalSeq: replay.state.seq, clock };
    const historyBelow = async (below: string) => {
      const opened = await History.open({
        folder: join(folder, 'history', below),
        quarantine: join(folder, 'quarantine', below),
        ...proven,
        ...diskReports('history', 'history', health, onFault),
        damage: ({ file, offset, what }) => warn(`${below}${file} is damaged at byte ${offset}: ${what}`),
      });
      for (const { file, offset } of opened.cuts)
        warn(
          `an unfinished end of ${below}${file} was cut off at byte ${offset}; its records come again from the journal`,
        );
      return opened;
    };
    const history = await historyBelow('');
    // A supervisor that had the folder before may have put runs aside that only the journal has yet.
    const pastRuns = new PastRuns(await historyBelow('runs/'));
    for (const { seq, at, record } of replay.pastRuns) pastRuns.append(seq, at, record);
    const ledger = await Ledger.open({
      folder: join(folder, 'ledger'),
      ...proven,
      ...diskReports('ledger', 'ledger of schedules', health, onFault),
    });
    for (const line of replay.ledgerLines) ledger.append(line);
    return { journal, history, ledger, pastRuns, replay };
  } catch (error) {
    await journal.close().catch(() => {});
    throw error;
  }
}
