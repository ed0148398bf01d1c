/** What `history.cleanup` has done: months moved aside and removed as the settings say, told in the log as well. */
import type { HistoryTidied } from '../workers/contract.ts';
import type { Health } from './health.ts';
import type { History } from './history/history.ts';
import { archiveFile, monthFile } from './history/places.ts';
import type { Log } from './log.ts';
import type { Settings } from './settings/settings.ts';

type Rules = Pick<Settings, 'archiveAfterMs' | 'historyRetentionMs' | 'idempotencyWindowMs'>;

/** @param histories by what goes before the names of their months */
export async function tidyHistory(
  histories: Readonly<Record<string, Pick<History, 'clean'>>>,
  now: number,
  { archiveAfterMs, historyRetentionMs, idempotencyWindowMs }: Rules,
  { health, log }: { readonly health: Health; readonly log: Log },
): Promise<HistoryTidied> {
  // A key that is still known must lead to its task.
  const retentionMs = historyRetentionMs === null ? null : Math.max(historyRetentionMs, idempotencyWindowMs);
  const all = {
    archived: [] as HistoryTidied['archived'][number][],
    removed: [] as HistoryTidied['removed'][number][],
  };
  for (const [below, history] of Object.entries(histories)) {
    const { archived, removed } = await history.clean(now, { archiveAfterMs, retentionMs });
    const named = <Tidied extends { month: string }>(one: Tidied) => ({ ...one, month: `${below}${one.month}` });
    all.archived.push(...archived.map(named));
    all.removed.push(...removed.map(named));
    for (const { month } of removed)
      for (const file of [monthFile(month), archiveFile(month)]) health.clear(`history-damage:${below}${file}`);
  }
  for (const { month, records, bytes, archiveBytes } of all.archived)
    log.info({ month, records, bytes, archiveBytes }, 'a month of history was packed');
  for (const { month, records, bytes } of all.removed)
    log.info({ month, records, bytes }, 'a month of history was removed, as HISTORY_RETENTION says');
  return all;
}
