/**
 * What is kept in a data folder, recovered: the journal with the state it gives, the histories of tasks and of runs, and
 * the ledger of schedules. Each of them has, from the journal, what it had not written itself when it last stopped; only
 * the endings of tasks are left to `completeHistory`, which needs the state in use.
 */
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import type { Fault } from './core/fault.ts';
import { freshState, type Limits } from './core/state.ts';
import type { Health } from './health.ts';
import { diskReports, reportLostWindow } from './health-reports.ts';
import type { Cut } from './history/cut.ts';
import type { Damage } from './history/damage.ts';
import { History } from './history/history.ts';
import { Ledger } from './history/ledger.ts';
import type { Disk } from './journal/disk.ts';
import type { FsyncPolicy } from './journal/journal.ts';
import type { Journal } from './journal/live-journal.ts';
import { openJournal } from './journal/open.ts';
import { PastRuns } from './past-runs.ts';
import { Replay } from './replay.ts';

export interface RecordsOptions {
  /** Absolute, locked by us. */
  readonly dataDir: string;
  readonly fsync: FsyncPolicy;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Of the journal. */
  readonly disk?: Disk | undefined;
  readonly incarnation: string;
  readonly version: string;
  readonly bootId: string;
  readonly health: Health;
  readonly onFault: (fault: Fault) => void;
  /** What recovery has to say. */
  readonly note: (message: string) => void;
  /** An unfinished end of a history file was cut off; its records come again from the journal. */
  readonly cut: (cut: Cut) => void;
  readonly damage: (damage: Damage) => void;
}

export interface OpenedRecords {
  readonly journal: Journal;
  readonly replay: Replay;
  readonly history: History;
  readonly pastRuns: PastRuns;
  readonly ledger: Ledger;
}

/** Folders below `history/` as months are named, and what they hold in words. */
const TASKS = { below: '', what: 'history', code: 'history' };
const RUNS = { below: 'runs/', what: 'history of runs', code: 'run-history' };

export async function openRecords(options: RecordsOptions): Promise<OpenedRecords> {
  const { dataDir, fsync, limits, clock, disk, incarnation, version, bootId, health, onFault } = options;
  const replay = new Replay(() => freshState(limits));
  const { journal, report } = await openJournal({
    ...{ dir: dataDir, clock, fsync, incarnation, version, bootId, replayer: replay },
    ...(disk && { disk }),
  });
  try {
    journal.onFailure(onFault);
    replay.settle();
    const { state } = replay;
    state.seq = journal.nextSeq - 1;
    for (const message of report.notes) options.note(message);
    if (report.lostWindow) reportLostWindow(report.lostWindow, health);
    const known = { provenSeq: report.snapshotSeq, journalSeq: state.seq, clock };
    const historyOf = async ({ below, what, code }: typeof TASKS) => {
      const opened = await History.open({
        folder: join(dataDir, 'history', below),
        quarantine: join(dataDir, 'quarantine', below),
        ...known,
        ...diskReports(code, what, health, onFault),
        damage: (damage) => options.damage({ ...damage, file: `${below}${damage.file}` }),
      });
      for (const cut of opened.cuts) options.cut({ ...cut, file: `${below}${cut.file}` });
      return opened;
    };
    const history = await historyOf(TASKS);
    const pastRuns = new PastRuns(await historyOf(RUNS));
    for (const { seq, at, record } of replay.pastRuns) pastRuns.append(seq, at, record);
    const ledger = await Ledger.open({
      folder: join(dataDir, 'ledger'),
      ...known,
      ...diskReports('ledger', 'ledger of schedules', health, onFault),
    });
    for (const line of replay.ledgerLines) ledger.append(line);
    return { journal, replay, history, pastRuns, ledger };
  } catch (error) {
    await journal.close().catch(() => {});
    throw error;
  }
}
