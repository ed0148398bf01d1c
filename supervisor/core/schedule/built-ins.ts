/** The schedules that come with Nightshift: made once, then as much a person's own as any other. */

export interface BuiltIn {
  readonly name: string;
  readonly task: { readonly type: string; readonly params: object };
  /** Local time at which it is due each day, unless its key or a person says another. */
  readonly at: string;
  readonly note: string;
}

export const BUILT_INS: readonly BuiltIn[] = [
  {
    name: 'history-cleanup',
    task: { type: 'history.cleanup', params: {} },
    at: '01:00',
    note: 'Packs months of history older than ARCHIVE_AFTER, and removes those older than HISTORY_RETENTION.',
  },
  {
    name: 'logs-cleanup',
    task: { type: 'logs.cleanup', params: {} },
    at: '01:00',
    note: 'Removes logs of attempts that are older than LOG_RETENTION.',
  },
  {
    name: 'store-cleanup',
    task: { type: 'store.cleanup', params: {} },
    at: '01:00',
    note: 'Lets go of what has expired in the store.',
  },
  {
    name: 'backup',
    task: { type: 'backup.create', params: {} },
    at: '03:00',
    note: 'Keeps the seven newest copies of the data folder in BACKUP_DIR.',
  },
];

/** The key of the env file that moves it. */
export function timeKeyOf(name: string): string {
  return `TASK_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_TIME`;
}
