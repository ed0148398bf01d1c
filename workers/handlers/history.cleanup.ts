/** `history.cleanup`: moves months older than ARCHIVE_AFTER aside, and removes those older than HISTORY_RETENTION. */
import { cleanupHandler } from '../cleanup.ts';
import type { HistoryTidied } from '../contract.ts';

export const handler = cleanupHandler<HistoryTidied>('history', ({ archived, removed }, ctx) => {
  for (const { month, records, bytes, archiveBytes } of archived)
    ctx.log.info(`${month} was packed: ${records} records, ${bytes} bytes became ${archiveBytes}`);
  for (const { month, records, bytes } of removed)
    ctx.log.info(`${month} was removed: ${records} records, ${bytes} bytes`);
});
