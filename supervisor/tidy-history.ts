/** What `history.cleanup` has done: months moved aside and removed as the settings say, told in the log as well. */
import type { HistoryTidied } from '../workers/contract.ts';
import type { Health } from './health.ts';
import type { History } from './history/history.ts';
import { archiveFile, monthFile } from './history/places.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings/settings.ts';

type Rules = Pick<Settings, 'archiveAfterMs' | 'historyRetentionMs' | 'idempotencyWindowMs'>;

export async function tidyHistory(
  history: Pick<History, 'clean'>,
  now: number,
  { archiveAfterMs, historyRetentionMs, idempotencyWindowMs }: Rules,
  { health, log }: { readonly health: Health; readonly log: Log },
): Promise<HistoryTidied> {
  // A key that is still known must lead to its task.
  const retentionMs = historyRetentionMs === null ? null : Math.max(historyRetentionMs, idempotencyWindowMs);
  const tidied = await history.clean(now, { archiveAfterMs, retentionMs });
  for (const { month, records, bytes, archiveBytes } of tidied.archived)
    log.info({ month, records, bytes, archiveBytes }, 'a month of history was packed');
  for (const { month, records, bytes } of tidied.removed) {
    log.info({ month, records, bytes }, 'a month of history was removed, as HISTORY_RETENTION says');
    for (const file of [monthFile(month), archiveFile(month)]) health.clear(`history-damage:${file}`);
  }
  return tidied;
}
