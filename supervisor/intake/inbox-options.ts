/** What the inbox is given, and what it asks of the supervisor. */

import type { Clock } from '../clock.ts';
import type { InboxFiles } from './files.ts';
import type { FileContents } from './task-file.ts';
import type { MakeWatch } from './watch.ts';

export interface InboxHealth {
  readonly code: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly action: string;
}

export interface InboxOptions {
  /** Holds `inbox/`, `accepted/` and `rejected/`. */
  readonly dataDir: string;
  // The next three may change; they are asked for each time.
  readonly settleMs: number;
  /** How long accepted files are kept; null is forever. */
  readonly retentionMs: number | null;
  /** User numbers whose files are taken, beside root and the supervisor's own user. */
  readonly owners: readonly number[];
  readonly clock: Clock;
  readonly supervisor: InboxSupervisor;
  readonly files?: InboxFiles;
  readonly watch?: MakeWatch;
  readonly newId?: () => string;
  /** Called between any two steps of a file's way, with the name of the step just done. For tests that stop there. */
  readonly step?: (name: string) => void;
}

export interface InboxSupervisor {
  /**
   * Journals the id of a file with what comes of it, all or nothing, and answers once that is on disk.
   * A known id is answered as if just journaled. A `Refusal` of `disk_full`, `draining` or `rate_limited` means later,
   * `outcome_unknown` that the next start decides; any other, with mistakes by number of the entry
   * (`$[3].idempotencyKey`), rejects the file.
   */
  submit(id: string, name: string, contents: FileContents): Promise<void>;
  /** Ids journaled and not yet settled. */
  known(): Iterable<string>;
  /** The files of these ids have been moved on for good: the ids may be forgotten. */
  settled(ids: readonly string[]): void;
  /** A condition with its present wording; given again when the wording changes. */
  raise(item: InboxHealth): void;
  clear(code: string): void;
  log(level: 'debug' | 'info' | 'warn' | 'error', text: string, facts: Readonly<Record<string, unknown>>): void;
}

export interface InboxStats {
  /** Files since the start. */
  readonly accepted: number;
  readonly rejected: number;
  readonly tasks: number;
  readonly schedules: number;
  /** Files that wait for the supervisor to take work again. */
  readonly waiting: number;
}
