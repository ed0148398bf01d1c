/** Conditions of the inbox that a person should know of: one health item a kind, naming the files it is about. */
import type { InboxHealth, InboxSupervisor } from './inbox-options.ts';
import { namesShownMax } from './intake-limits.ts';

const KINDS = {
  inbox_left_alone: [
    'info',
    'left alone in the inbox',
    'Move it away; task files end in .json, .ndjson, .yaml or .yml.',
  ],
  inbox_growing: [
    'info',
    'in the inbox has been growing for a minute and is taken once it is still',
    'Nothing, if it is still being written.',
  ],
  inbox_open: [
    'info',
    'in the inbox has been open for writing for a minute and is taken once it is closed',
    'Nothing, if it is still being written; else end the program that has it open.',
  ],
  inbox_late: [
    'warning',
    'was written to after it had been taken, and what was added then was not taken',
    'Drop what was added in a file of its own, then delete the accepted one to end this notice. Write to NAME.tmp and rename it.',
  ],
  inbox_waiting: ['warning', 'was dropped and waits', 'Nothing: it is taken as soon as that is over.'],
  inbox_stuck: ['error', 'cannot be taken from the inbox', 'See to what is named; it is tried again every minute.'],
  inbox_rejected: [
    'warning',
    'in rejected/',
    'Read the .error.json beside it, correct the file and drop it again; delete both to end this notice.',
  ],
  inbox_unwatched: [
    'warning',
    'The system gives no news of the inbox; it is looked through every few seconds instead',
    'Raise fs.inotify.max_user_watches.',
  ],
} as const satisfies Record<string, readonly [InboxHealth['severity'], string, string]>;
export type RemarkKind = keyof typeof KINDS;

export class Remarks {
  readonly #supervisor: InboxSupervisor;
  readonly #said = new Map<RemarkKind, string>();

  constructor(supervisor: InboxSupervisor) {
    this.#supervisor = supervisor;
  }

  /** States what a kind is about now; nothing ends it. `what` is a name, with a reason behind it where that helps. */
  about(kind: RemarkKind, what: readonly string[]): void {
    const [severity, middle, action] = KINDS[kind];
    const shown = what.slice(0, namesShownMax).join(', ');
    const rest = what.length > namesShownMax ? ` and ${what.length - namesShownMax} more` : '';
    const message = kind === 'inbox_unwatched' ? `${middle} (${shown})` : `${shown}${rest} ${middle}`;
    if (what.length === 0) {
      if (this.#said.delete(kind)) this.#supervisor.clear(kind);
    } else if (this.#said.get(kind) !== message) {
      this.#said.set(kind, message);
      this.#supervisor.raise({ code: kind, severity, message, action });
    }
  }
}
