/** The state of a data folder without a lock and without changing a byte: for readers beside a supervisor, or without one. */
import { type Disk, machineDisk } from './disk.ts';
import { JournalFiles } from './files.ts';
import type { Replayer } from './journal.ts';
import { replayFolder } from './recover.ts';
import { feedSegment } from './replay.ts';
import { type RecoveryReport, reportOf } from './report.ts';
import { type Survey, surveyFolder } from './survey.ts';
import { digestBy, startWriter } from './writer-port.ts';

export interface ReadJournalInput {
  readonly dir: string;
  readonly disk?: Disk;
  readonly bootId: string;
  readonly replayer: Replayer;
}

/** A running supervisor may retire files between the manifest and their opening; then the manifest has changed, too. */
const tries = 3;

export async function readJournal(input: ReadJournalInput): Promise<RecoveryReport> {
  const { dir, disk = machineDisk, bootId, replayer } = input;
  const startedAt = performance.now();
  const port = startWriter(disk);
  const survey = surveyCalmly(disk, dir, bootId);
  try {
    const files = new JournalFiles();
    const replayed = await replayFolder(disk, survey, digestBy(port), files, replayer);
    const fed = { ...replayed };
    const { last } = survey;
    if (last?.judgment.tail) {
      feedSegment(
        { disk, ...last, ordinal: files.add(last.path) },
        last.judgment.tail.from,
        last.judgment.tail.to,
        replayer,
        fed,
      );
    }
    return reportOf(survey, replayed, fed, input, performance.now() - startedAt);
  } finally {
    survey.close();
    await port.end();
  }
}

function surveyCalmly(disk: Disk, dir: string, bootId: string): Survey {
  for (let tried = 1; ; tried++) {
    try {
      return surveyFolder({ disk, dir, bootId });
    } catch (error) {
      if (tried === tries) throw error;
    }
  }
}
