/** The schedules that come with Nightshift: made once, then as much a person's own as any other. */
import type { When } from './when.ts';

export interface BuiltIn {
  readonly name: string;
  /** What it submits or starts, as somebody would write it in a schedule. */
  readonly work: { readonly task: BuiltInTask } | { readonly run: { readonly pipeline: string } };
  /** When it is due, unless its key says another time of day or a person another rule. */
  readonly when: TimedWhen;
  /** Off until it is switched on; the others are on. */
  readonly flag?: string;
  readonly note: string;
}

interface BuiltInTask {
  readonly type: string;
  readonly params: object;
}

/** A rule with a time of day, which a key of the settings can move. */
type TimedWhen = Extract<When, { kind: 'daily' | 'weekly' | 'monthly' }>;

const MAINTENANCE: readonly BuiltIn[] = [
  {
    name: 'history-cleanup',
    work: taskOf('history.cleanup'),
    when: { kind: 'daily', at: '01:00' },
    note: 'Packs months of history older than ARCHIVE_AFTER, and removes those older than HISTORY_RETENTION.',
  },
  {
    name: 'logs-cleanup',
    work: taskOf('logs.cleanup'),
    when: { kind: 'daily', at: '01:00' },
    note: 'Removes logs of attempts that are older than LOG_RETENTION.',
  },
  {
    name: 'store-cleanup',
    work: taskOf('store.cleanup'),
    when: { kind: 'daily', at: '01:00' },
    note: 'Lets go of what has expired in the store.',
  },
  {
    name: 'backup',
    work: taskOf('backup.create'),
    when: { kind: 'daily', at: '03:00' },
    note: 'Keeps the seven newest copies of the data folder in BACKUP_DIR.',
  },
];

/** Of the library: each off until its flag is switched on. */
const LIBRARY: readonly BuiltIn[] = [
  {
    name: 'library-collect',
    work: { run: { pipeline: 'library.collect' } },
    when: { kind: 'daily', at: '02:00' },
    flag: 'LIBRARY_COLLECT',
    note: 'Finds the playlists of the sources and writes them into the catalog.',
  },
  {
    name: 'library-discover',
    work: taskOf('library.discover', {
      url: 'https://rss.marketingtools.apple.com/api/v2/us/podcasts/top/50/podcasts.json',
    }),
    when: { kind: 'weekly', days: ['sun'], at: '03:00' },
    flag: 'LIBRARY_DISCOVER',
    note: 'Makes playlists of what a top list has and the library does not: change its address to the list you like.',
  },
  {
    name: 'library-metadata',
    work: taskOf('library.metadata', { only: 'all' }),
    when: { kind: 'monthly', day: 1, at: '04:00' },
    flag: 'LIBRARY_METADATA',
    note: 'Describes everything in the library anew.',
  },
  {
    name: 'library-metadata-new',
    work: taskOf('library.metadata', { only: 'new' }),
    when: { kind: 'weekly', days: ['sun'], at: '04:30' },
    flag: 'LIBRARY_METADATA_NEW',
    note: 'Describes what is new in the library.',
  },
  {
    name: 'library-series',
    work: taskOf('library.complete', { kind: 'series' }),
    when: { kind: 'monthly', day: 2, at: '03:00' },
    flag: 'LIBRARY_SERIES',
    note: 'Finds what the library still misses of its series, and downloads it.',
  },
  {
    name: 'library-artists',
    work: taskOf('library.complete', { kind: 'artist' }),
    when: { kind: 'monthly', day: 3, at: '03:00' },
    flag: 'LIBRARY_ARTISTS',
    note: 'Finds what the library still misses of its artists, and downloads it.',
  },
];

export const BUILT_INS: readonly BuiltIn[] = [...MAINTENANCE, ...LIBRARY];

function taskOf(type: string, params: object = {}): { readonly task: BuiltInTask } {
  return { task: { type, params } };
}

/** The key of the env file that moves it. */
export function timeKeyOf(name: string): string {
  return `TASK_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}_TIME`;
}
