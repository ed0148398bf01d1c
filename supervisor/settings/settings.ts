/**
 * Every setting there is, in one table: its key, kind, default, limits, and what it is for. The typed `Settings`, the
 * example file, the reference in the documents and the checks all come from it.
 */

import { layoutDefault } from '../../workers/catalog/layout-text.ts';
import { flagOf } from './flags.ts';
import type { Limits } from './grammars.ts';
import type { Kind } from './kinds.ts';
import * as kinds from './kinds.ts';
import { isLater, isLaterSecret } from './later.ts';
import { taskOfTime } from './task-times.ts';

/** Values ready for use; members that hold durations are in milliseconds. */
export interface Settings {
  readonly webHost: string;
  readonly webPort: number;
  readonly webToken: string | null;
  readonly webReadToken: string | null;
  /** Empty, or a path that begins with `/` and does not end with one. */
  readonly webBase: string;
  readonly webAllowedHosts: readonly string[];
  readonly webLoopbackOpen: boolean;
  readonly workers: number;
  readonly ioWorkers: number;
  readonly ioConcurrency: number;
  readonly processWorkers: number;
  readonly processMemoryMb: number;
  readonly isolation: 'thread' | 'process';
  readonly limits: Limits;
  /** Absolute paths of programs by name. */
  readonly commands: ReadonlyMap<string, string>;
  readonly allowShell: boolean;
  readonly allowPrivateAddresses: readonly string[];
  readonly fsync: 'always' | 'everysec' | 'no';
  readonly timezone: string;
  readonly schedulerEnabled: boolean;
  readonly startupDelayMs: number;
  readonly minIntervalMs: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly drainTimeoutMs: number;
  readonly cancelGraceMs: number;
  readonly inboxSettleMs: number;
  /** Null is forever. */
  readonly inboxRetentionMs: number | null;
  /** User numbers. */
  readonly inboxOwners: readonly number[];
  /** Absolute. */
  readonly libraryDir: string;
  readonly libraryLayout: string;
  /** Null is off. */
  readonly metadataMusicbrainz: string | null;
  /** Null is off. */
  readonly metadataOpenlibrary: string | null;
  readonly metadataContact: string | null;
  readonly downloadConcurrency: number;
  readonly objectEndpoint: string | null;
  readonly objectBucket: string | null;
  readonly objectRegion: string | null;
  readonly objectPrefix: string;
  readonly objectAccessKey: string | null;
  readonly objectSecretKey: string | null;
  /** Absolute. */
  readonly sourcesFile: string;
  /** Names; none, or `*` among them, is all. */
  readonly sources: readonly string[];
  /** Absolute. */
  readonly backupDir: string;
  /** Absolute. */
  readonly backupPaths: readonly string[];
  /** Types. */
  readonly handlerOverrides: readonly string[];
  readonly idempotencyWindowMs: number;
  readonly idempotencyKeysMax: number;
  readonly failedLiveMs: number;
  /** Null is forever. */
  readonly logRetentionMs: number | null;
  /** Null is never. */
  readonly archiveAfterMs: number | null;
  /** Null is forever. */
  readonly historyRetentionMs: number | null;
  readonly ageingMs: number;
  readonly storeSizeMb: number;
  /** Feature flags that are set, by name. */
  readonly flags: ReadonlyMap<string, boolean>;
  /** Times of day that built-in schedules are moved to, `HH:MM` by name. */
  readonly taskTimes: ReadonlyMap<string, string>;
}
/** Settings with a row of their own; anybody may make up a flag, and each built-in schedule has its time. */
export type Member = Exclude<keyof Settings, 'flags' | 'taskTimes'>;

export interface Row<T> {
  readonly key: string;
  readonly kind: Kind<T>;
  /** As text; empty when the setting is not given and `unset` stands for it. */
  readonly default: string;
  readonly unset?: T;
  /** What it is for. */
  readonly sentence: string;
  /** Never leaves the supervisor, masked wherever settings are shown. */
  readonly secret?: true;
  /** Grants execution, paths or reach: changed in the file only, never over HTTP. */
  readonly fileOnly?: true;
  /** A change takes effect while running; without it, with the next start. */
  readonly live?: true;
  /** A handler is given the newest value, not the one of when its task was created: a right taken away is gone at once. */
  readonly newest?: true;
  /** The command line's name for it. */
  readonly flag?: string;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const decade = 3_650 * day;

export const TABLE: { readonly [M in Member]: Row<Settings[M]> } = {
  webHost: {
    key: 'WEB_HOST',
    kind: kinds.host,
    default: '127.0.0.1',
    sentence: 'Address the page and the API listen on. Any address but the machine itself (loopback) needs WEB_TOKEN.',
    fileOnly: true,
    flag: '--host',
  },
  webPort: {
    key: 'WEB_PORT',
    kind: kinds.integer(0, 65_535, null),
    default: '8421',
    sentence: 'Port the page and the API listen on; 0 takes a free one.',
    fileOnly: true,
    flag: '--port',
  },
  webToken: {
    key: 'WEB_TOKEN',
    kind: kinds.token,
    default: '',
    unset: null,
    sentence: 'Token that allows everything, for the page and for scripts. Without it only local users are served.',
    secret: true,
    fileOnly: true,
    live: true,
  },
  webReadToken: {
    key: 'WEB_READ_TOKEN',
    kind: kinds.token,
    default: '',
    unset: null,
    sentence: 'Token that allows looking but no change. Must differ from WEB_TOKEN.',
    secret: true,
    fileOnly: true,
    live: true,
  },
  webBase: {
    key: 'WEB_BASE',
    kind: kinds.base,
    default: '',
    unset: '',
    sentence: 'Path under which a reverse proxy serves the page, e.g. /nightshift.',
    fileOnly: true,
    live: true,
  },
  webAllowedHosts: {
    key: 'WEB_ALLOWED_HOSTS',
    kind: kinds.hosts,
    default: '',
    unset: [],
    sentence:
      'Names under which the page may be asked for, beside localhost, loopback addresses and WEB_HOST (guards against DNS rebinding), e.g. night.example.org,*.lan,nas:8443. *.NAME is every name below NAME.',
    fileOnly: true,
    live: true,
  },
  webLoopbackOpen: {
    key: 'WEB_LOOPBACK_OPEN',
    kind: kinds.flag,
    default: 'true',
    sentence:
      'Whether local users may add, cancel and retry tasks without a token. Settings and handlers always need one.',
    fileOnly: true,
    live: true,
  },
  workers: {
    key: 'WORKERS',
    kind: kinds.workers,
    default: 'auto',
    sentence: 'Worker threads for tasks that compute; each performs one task at a time.',
    live: true,
  },
  ioWorkers: {
    key: 'IO_WORKERS',
    kind: kinds.integer(1, 16, 'threads'),
    default: '1',
    sentence: 'Worker threads for tasks that mostly wait for the network; made when first needed.',
    live: true,
  },
  ioConcurrency: {
    key: 'IO_CONCURRENCY',
    kind: kinds.integer(1, 256, 'tasks a thread'),
    default: '16',
    sentence: 'Tasks that share one of the IO_WORKERS threads.',
    live: true,
  },
  processWorkers: {
    key: 'PROCESS_WORKERS',
    kind: kinds.integer(1, 64, 'processes'),
    default: '2',
    sentence:
      'Processes for tasks whose handlers ask for one (lane process) and for executable handlers; each performs one task at a time, is made when first needed and ends when idle.',
    live: true,
  },
  processMemoryMb: {
    key: 'PROCESS_MEMORY',
    kind: kinds.integer(64, 1_048_576, 'MiB'),
    default: '1024',
    sentence:
      'Memory that a handler in a process of its own may use for JavaScript; on Linux its buffers and native code share it, with what Node itself needs on top. Executable handlers have no limit.',
    live: true,
  },
  isolation: {
    key: 'ISOLATION',
    kind: kinds.choice('thread', 'process'),
    default: 'thread',
    sentence:
      'Where handlers of your own run that ask for no lane or for cpu: in a thread, or in one of the PROCESS_WORKERS, which survive what would take the whole program along.',
    live: true,
  },
  limits: {
    key: 'LIMITS',
    kind: kinds.limits,
    default: '',
    unset: { types: new Map(), groups: new Map(), rates: new Map() },
    sentence:
      'How many tasks of a type or of a group run at once, and how many of a group start in a time, e.g. type:http.download=4,group:example.org=2,rate:example.org=10/1m.',
    live: true,
  },
  commands: {
    key: 'COMMANDS',
    kind: kinds.commands,
    default: '',
    unset: new Map(),
    sentence:
      'Programs that command.run may run, by name, e.g. ffmpeg=/usr/bin/ffmpeg,backup=/opt/backup.sh. No other runs.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  allowShell: {
    key: 'ALLOW_SHELL',
    kind: kinds.flag,
    default: 'false',
    sentence:
      'Whether command.run may run a shell line that a task brings. Whoever can add tasks can then run anything.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  allowPrivateAddresses: {
    key: 'ALLOW_PRIVATE_ADDRESSES',
    kind: kinds.networks,
    default: '',
    unset: [],
    sentence:
      'Hosts and networks in private address ranges that redirects and fetched content may lead to, e.g. nas.local,192.168.1.0/24.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  fsync: {
    key: 'FSYNC',
    kind: kinds.choice('always', 'everysec', 'no'),
    default: 'always',
    sentence:
      'When accepted work is on disk: before it is acknowledged (always), within about two seconds (everysec), or when the system likes (no). All survive a kill; only always survives a power cut whole.',
  },
  timezone: {
    key: 'TIMEZONE',
    kind: kinds.timezone,
    default: 'machine',
    sentence:
      'Zone of the local times that the page and messages show, and of schedules that name none. Files hold UTC.',
    live: true,
  },
  schedulerEnabled: {
    key: 'SCHEDULER_ENABLED',
    kind: kinds.flag,
    default: 'true',
    sentence: 'Whether schedules start anything. While false, what they plan is recorded as skipped.',
    live: true,
  },
  startupDelayMs: {
    key: 'STARTUP_DELAY',
    kind: kinds.duration(0, hour),
    default: '10s',
    sentence:
      "How long schedules wait after a start, so that the machine's own start is over; other work begins at once.",
  },
  minIntervalMs: {
    key: 'MIN_INTERVAL',
    kind: kinds.duration(1_000, 365 * 24 * hour),
    default: '5m',
    sentence: 'The shortest interval of a schedule; cron rules are not held to it. Those that are there already stay.',
    live: true,
  },
  logLevel: {
    key: 'LOG_LEVEL',
    kind: kinds.choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    default: 'info',
    sentence: "How much the supervisor's own log says.",
    live: true,
  },
  drainTimeoutMs: {
    key: 'DRAIN_TIMEOUT',
    kind: kinds.duration(0, hour),
    default: '20s',
    sentence:
      'How long a stop waits for running tasks to end; what still runs then is interrupted and runs again after the next start.',
    live: true,
  },
  cancelGraceMs: {
    key: 'CANCEL_GRACE',
    kind: kinds.duration(0, hour),
    default: '10s',
    sentence:
      'How long a handler has to end after it was asked to, by a cancel or its timeout; then its worker is ended.',
    live: true,
  },
  inboxSettleMs: {
    key: 'INBOX_SETTLE',
    kind: kinds.duration(0, minute),
    default: '500ms',
    sentence: 'How long size and time of a dropped file must stay the same before it is taken.',
    live: true,
  },
  inboxRetentionMs: {
    key: 'INBOX_RETENTION',
    kind: kinds.durationOrForever(day, decade),
    default: '30d',
    sentence: 'How long accepted task files are kept in accepted/.',
    live: true,
  },
  inboxOwners: {
    key: 'INBOX_OWNERS',
    kind: kinds.users,
    default: '',
    unset: [],
    sentence: "Users whose files are taken from the inbox, beside root and the supervisor's own user.",
    fileOnly: true,
    live: true,
  },
  libraryDir: {
    key: 'LIBRARY_DIR',
    kind: kinds.folder,
    default: 'library',
    sentence: 'Folder that downloads go to.',
    fileOnly: true,
    live: true,
  },
  libraryLayout: {
    key: 'LIBRARY_LAYOUT',
    kind: kinds.layout,
    default: layoutDefault,
    sentence:
      'Where in LIBRARY_DIR the files of the library go. What a track does not have leaves no gap; names are made safe for every file system.',
    live: true,
  },
  downloadConcurrency: {
    key: 'DOWNLOAD_CONCURRENCY',
    kind: kinds.integer(1, 64, 'downloads'),
    default: '2',
    sentence: 'How many files of the library are downloaded from one host at once.',
    live: true,
    newest: true,
  },
  objectEndpoint: {
    key: 'OBJECT_ENDPOINT',
    kind: kinds.target,
    default: '',
    unset: null,
    sentence:
      'Where the library is uploaded to: a store with the S3 API, a WebDAV server, or a folder that is there, mostly a mounted one. Without it nothing is uploaded.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  objectBucket: {
    key: 'OBJECT_BUCKET',
    kind: kinds.bucket,
    default: '',
    unset: null,
    sentence: 'Bucket of OBJECT_ENDPOINT that takes the library, where that speaks the S3 API.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  objectRegion: {
    key: 'OBJECT_REGION',
    kind: kinds.bucket,
    default: 'us-east-1',
    sentence: 'Region of the bucket, by which requests are signed; some stores want auto.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  objectPrefix: {
    key: 'OBJECT_PREFIX',
    kind: kinds.prefix,
    default: '',
    unset: '',
    sentence: 'Folder at OBJECT_ENDPOINT below which the library goes, e.g. night/music.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  objectAccessKey: {
    key: 'OBJECT_ACCESS_KEY',
    kind: kinds.token,
    default: '',
    unset: null,
    sentence: 'Access key for OBJECT_ENDPOINT; the user, where that is a WebDAV server.',
    secret: true,
    fileOnly: true,
    live: true,
  },
  objectSecretKey: {
    key: 'OBJECT_SECRET_KEY',
    kind: kinds.token,
    default: '',
    unset: null,
    sentence: 'Secret key for OBJECT_ENDPOINT; the password, where that is a WebDAV server.',
    secret: true,
    fileOnly: true,
    live: true,
  },
  metadataMusicbrainz: {
    key: 'METADATA_MUSICBRAINZ',
    kind: kinds.service,
    default: '',
    unset: null,
    sentence:
      'Where library.metadata asks MusicBrainz about music, e.g. https://musicbrainz.org. Without it nobody is asked; with it artists and titles are sent there.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  metadataOpenlibrary: {
    key: 'METADATA_OPENLIBRARY',
    kind: kinds.service,
    default: '',
    unset: null,
    sentence:
      'Where library.metadata asks Open Library about audio books, e.g. https://openlibrary.org. Without it nobody is asked; with it authors and titles are sent there.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  metadataContact: {
    key: 'METADATA_CONTACT',
    kind: kinds.contact,
    default: '',
    unset: null,
    sentence:
      'Mail address or web page that providers of metadata are told, as they ask for: whom to write to. Without it they are not asked.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  sourcesFile: {
    key: 'SOURCES_FILE',
    kind: kinds.file,
    default: 'sources.yaml',
    sentence: 'File that says where the library is collected from.',
    fileOnly: true,
  },
  sources: {
    key: 'SOURCES',
    kind: kinds.sources,
    default: '',
    unset: [],
    sentence:
      'Names of the sources the library is collected from, e.g. news,podcasts. Without it, or with *, all of them.',
    live: true,
  },
  backupDir: {
    key: 'BACKUP_DIR',
    kind: kinds.folder,
    default: 'backups',
    sentence:
      'Folder that backups go to; best on another disk. Each copy of the data folder holds the settings, secrets included.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  backupPaths: {
    key: 'BACKUP_PATHS',
    kind: kinds.paths,
    default: '',
    unset: [],
    sentence:
      'Folders and files that backup.paths may read, beside what is in LIBRARY_DIR, e.g. /home/me,/etc/nginx. It reads no other.',
    fileOnly: true,
    live: true,
    newest: true,
  },
  handlerOverrides: {
    key: 'HANDLER_OVERRIDES',
    kind: kinds.types,
    default: '',
    unset: [],
    sentence: 'Types of built-in handlers that a handler in handlers/ may take, e.g. http.download.',
    fileOnly: true,
    live: true,
  },
  idempotencyWindowMs: {
    key: 'IDEMPOTENCY_WINDOW',
    kind: kinds.duration(0, decade),
    default: '7d',
    sentence: 'How long the idempotency key of a finished task still gives that task back instead of a new one.',
    live: true,
  },
  idempotencyKeysMax: {
    key: 'IDEMPOTENCY_KEYS',
    kind: kinds.integer(0, 10_000_000, 'keys'),
    default: '1000000',
    sentence: 'How many idempotency keys of finished tasks are remembered at most; the oldest go first.',
    live: true,
  },
  failedLiveMs: {
    key: 'FAILED_LIVE',
    kind: kinds.duration(0, 365 * day),
    default: '24h',
    sentence: 'How long a failed task stays with the live ones before it moves to history.',
    live: true,
  },
  logRetentionMs: {
    key: 'LOG_RETENTION',
    kind: kinds.durationOrForever(day, decade),
    default: '30d',
    sentence: 'How long the logs of attempts are kept.',
    live: true,
  },
  archiveAfterMs: {
    key: 'ARCHIVE_AFTER',
    kind: kinds.durationOrForever(day, decade),
    default: '90d',
    sentence:
      'How old a whole month of history must be before it is packed (forever: never); its tasks are found and shown as before.',
    live: true,
  },
  historyRetentionMs: {
    key: 'HISTORY_RETENTION',
    kind: kinds.durationOrForever(day, decade),
    default: 'forever',
    sentence: 'How old a whole month of history must be before it is removed, never within IDEMPOTENCY_WINDOW.',
    live: true,
  },
  ageingMs: {
    key: 'AGEING',
    kind: kinds.duration(second, 365 * day),
    default: '10m',
    sentence: 'A waiting task counts one priority more for each such stretch that higher ones go before it.',
    live: true,
  },
  storeSizeMb: {
    key: 'STORE_SIZE',
    kind: kinds.integer(1, 1_024, 'MiB'),
    default: '64',
    sentence: 'How much all keys and values of the store come to at most. It is held in memory.',
    live: true,
  },
};

export const MEMBERS = Object.keys(TABLE) as readonly Member[];
export const ROWS = Object.values(TABLE) as readonly Row<unknown>[];
export const KEYS: readonly string[] = ROWS.map((row) => row.key);

const BY_KEY = new Map(ROWS.map((row) => [row.key, row]));
const HANDLER_KEY = /^HANDLER_[A-Z][A-Z0-9_]{0,99}$/;

/** Row of a key, or undefined for one that is not in the table (`HANDLER_*` among them). */
export function rowOf(key: string): Row<unknown> | undefined {
  return BY_KEY.get(key);
}

/** Keys of a person's own, which reach the handlers that declare them. */
export function isHandlerKey(key: string): boolean {
  return HANDLER_KEY.test(key) && !rowOf(key) && !isLater(key);
}

/** Of somebody's own keys those count as secret whose name says so. */
export function isSecret(key: string): boolean {
  return (
    rowOf(key)?.secret === true ||
    isLaterSecret(key) ||
    (isHandlerKey(key) && /(TOKEN|KEY|SECRET|PASSWORD|PASS|CREDENTIALS?)$/.test(key))
  );
}

/** Of a key that is none nobody knows what it holds: most likely it is a secret whose name was misspelled. */
export function mayBeShown(key: string): boolean {
  return isSetting(key) && !isSecret(key);
}

/**
 * Whether a key may be changed in the file only. A handler's own keys may grant anything, so they count,
 * and so do those of later versions, of which no row says more.
 */
export function isFileOnly(key: string): boolean {
  return rowOf(key)?.fileOnly === true || isHandlerKey(key) || (isLater(key) && !rowOf(key));
}

/** Whether there is such a setting at all. */
export function isSetting(key: string): boolean {
  if (rowOf(key) !== undefined || isHandlerKey(key) || isLater(key)) return true;
  return flagOf(key) !== null || taskOfTime(key) !== null;
}

/** Whether handlers are given the newest value, not the one of when their task was created. */
export function isAlwaysNewest(key: string): boolean {
  return isSecret(key) || rowOf(key)?.newest === true;
}

/** Whether a change of the key waits for the next start. Keys of handlers are read for each attempt. */
export function needsRestart(key: string): boolean {
  const row = rowOf(key);
  return row !== undefined && row.live !== true;
}
