/** What the parts that write tell of their disk, as health items. */
import { Fault } from './core/fault.ts';
import { iso } from './core/record.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Health } from './health.ts';
import type { DiskTrouble } from './history/disk.ts';
import type { Journal } from './journal/live-journal.ts';
import type { RecoveryReport } from './journal/report.ts';
import type { Log } from './log.ts';

export function reportLostWindow(
  { afterSeq, afterAt, fsync }: NonNullable<RecoveryReport['lostWindow']>,
  health: Health,
): void {
  const message = `Power was lost under FSYNC=${fsync}: what was accepted after ${iso(afterAt)} (sequence ${afterSeq}) may be gone`;
  health.raise({
    code: 'lost_window',
    severity: 'error',
    message,
    action: 'Submit again what is missing; FSYNC=always keeps all of it.',
  });
}

/** What a part that writes behind tells of its disk, as health items. */
export function diskReports(code: string, what: string, health: Health, onFault: (fault: Fault) => void) {
  return {
    trouble: ({ file, operation, message, fatal }: DiskTrouble) => {
      if (fatal)
        onFault(
          new Fault(
            'diskFailed',
            `${file} (${what}): ${operation} failed: ${message}`,
            'check the disk, then start again',
          ),
        );
      health.raise({
        code: `${code}:${file}`,
        severity: 'error',
        message: `${file} (${what}): ${operation} failed: ${message}`,
        action: 'Make room or look at the disk; it is tried again.',
      });
    },
    recovered: (file: string) => health.clear(`${code}:${file}`),
  };
}

export function watchSpace(journal: Journal, dispatcher: Dispatcher, health: Health, log: Log): void {
  const tell = (full: boolean) => {
    if (!full) {
      health.clear('disk_full');
      log.info('there is room on the disk again: new work is taken');
      dispatcher.pump();
      return;
    }
    health.raise({
      code: 'disk_full',
      severity: 'error',
      message: 'The disk is full: no new work is taken, what is recorded is safe',
      action: 'Make room on the disk of the data folder; it goes on by itself.',
    });
  };
  journal.onSpace(tell);
  if (journal.full) tell(true);
}
