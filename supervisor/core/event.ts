/**
 * What has happened: the entries of the journal. A fact cannot be refused; `apply` takes each into the state, live and
 * at replay alike. `encode` and `decode` turn an event into the body of a journal line and back.
 */
import type { PlaylistChange, TrackChange } from '../../workers/library-contract.ts';
import type { RunStart } from './run/run.ts';
import type { RunState } from './run/run-state.ts';
import type { Occurrence, OccurrenceOutcome, Rule, WaitingOccurrence } from './schedule/schedule.ts';
import type { Counts, FinishedState, LogPlace, Outcome, Progress, TaskError, TaskOptions } from './task.ts';

export interface TaskAccepted {
  readonly e: 'task.accepted';
  readonly id: string;
  readonly key: string | null;
  /** When it is due, ms since 1970; null for at once. */
  readonly runAt: number | null;
  /** `runAt` was given as a delay. */
  readonly relative: boolean;
  readonly retryOf: string | null;
  /** The occurrence of a schedule that submits it, in the same line: neither is ever there without the other. */
  readonly occurrence?: AcceptedOccurrence;
  /** How a task of a run is called where it is listed. */
  readonly label?: string;
  /** It runs a finished task of a run again, in its place: how that one had ended. */
  readonly replaces?: FinishedState;
  readonly options: TaskOptions;
  /** JSON text; the last member of the line, so that its place on disk is known. */
  readonly params: string;
}

/** Of the task or the run that it stands in. */
export interface AcceptedOccurrence {
  /** Id of the schedule. */
  readonly schedule: string;
  /** ms since 1970 */
  readonly plannedAt: number;
  readonly outcome: OccurrenceOutcome;
  /** Who asked for it, where somebody did: it is no planned time of the rule. */
  readonly byHand?: string;
}

export interface AttemptStarted {
  readonly e: 'attempt.started';
  readonly id: string;
  readonly n: number;
  readonly worker: string;
  readonly handler: string | null;
  /** It runs alone, as a suspect of the last crash. */
  readonly solo: boolean;
}

export interface AttemptEnded {
  readonly e: 'attempt.ended';
  readonly id: string;
  readonly n: number;
  readonly outcome: Outcome;
  /** When it ended, where that was before it is recorded: the supervisor died under it. */
  readonly endedAt?: number;
  /** State of the task from now on. */
  readonly next: FinishedState | 'queued' | 'retrying' | 'interrupted';
  /** With `retrying`: when it is due again. */
  readonly runAt?: number;
  readonly error?: TaskError;
  /** JSON text of what the handler returned. */
  readonly result?: string;
  readonly log?: LogPlace;
  /** It was cut while the supervisor crashed: it runs alone next time. */
  readonly suspect?: true;
  /** It ran alone when the supervisor crashed. */
  readonly crashed?: true;
}

/** Who asked, and from where, when that is known. Entries of the first days do not say from where. */
export interface AskedBy {
  readonly by: string;
  readonly from?: string;
}

export interface HandlerChanged {
  /** Name in the handlers folder. */
  readonly file: string;
  readonly what: 'added' | 'changed' | 'removed' | 'refused';
  /** Null where nothing of the file serves. */
  readonly type: string | null;
  /** The version that serves from now on. */
  readonly version: string | null;
}

/** Whatever asked for it: what holds from now on. */
export interface StoreSet extends AskedBy {
  readonly e: 'store.set';
  readonly key: string;
  /** ms since 1970; null for never. */
  readonly expiresAt: number | null;
  /** JSON text; the last member of the line, as JSON. */
  readonly value: string;
}

export interface PipelineChanged {
  /** Name in the pipelines folder. */
  readonly file: string;
  readonly what: 'added' | 'changed' | 'removed' | 'refused';
  /** Null where nothing of the file serves. */
  readonly pipeline: string | null;
  /** The version that new runs take from now on. */
  readonly version: string | null;
}

/** Members that are given take the place of those there are; the others stay. */
export interface LibraryPut extends AskedBy {
  readonly e: 'library.put';
  readonly playlists?: readonly PlaylistChange[];
  readonly tracks?: readonly TrackChange[];
}

export type Event =
  | TaskAccepted
  | AttemptStarted
  | AttemptEnded
  | {
      readonly e: 'supervisor.started';
      readonly incarnation: string;
      readonly boot: string;
      readonly version: string;
      readonly pid: number;
    }
  | { readonly e: 'supervisor.stopped'; readonly incarnation: string }
  | { readonly e: 'task.due'; readonly ids: readonly string[] }
  | ({ readonly e: 'task.promoted'; readonly id: string } & AskedBy)
  | ({ readonly e: 'task.canceled'; readonly id: string } & AskedBy)
  | ({ readonly e: 'task.cancel_requested'; readonly id: string } & AskedBy)
  /** `runAt`: not before then, ms since 1970; at once without it. */
  | ({ readonly e: 'task.retried'; readonly id: string; readonly runAt?: number } & AskedBy)
  | { readonly e: 'task.archived'; readonly ids: readonly string[] }
  | {
      readonly e: 'attempt.progressed';
      readonly id: string;
      readonly n: number;
      readonly progress?: Progress;
      readonly counts?: Counts;
    }
  | { readonly e: 'attempt.checkpointed'; readonly id: string; readonly n: number; readonly data: string }
  | { readonly e: 'suspect.cleared'; readonly id: string }
  | {
      readonly e: 'child.started';
      readonly id: string;
      readonly n: number;
      readonly group: number;
      readonly ticks: string;
      readonly boot: string;
    }
  | ({ readonly e: 'queue.paused'; readonly type: string | null; readonly reason: string } & AskedBy)
  | ({ readonly e: 'queue.resumed'; readonly type: string | null } & AskedBy)
  | ({ readonly e: 'worker.recycled'; readonly worker: string } & AskedBy)
  | ({ readonly e: 'settings.changed'; readonly revision: string; readonly keys: readonly string[] } & AskedBy)
  | ({ readonly e: 'flag.switched'; readonly flag: string; readonly on: boolean } & AskedBy)
  | { readonly e: 'handlers.changed'; readonly changes: readonly HandlerChanged[]; readonly more: number }
  | { readonly e: 'inbox.taken'; readonly uuid: string; readonly file: string; readonly tasks: number }
  | { readonly e: 'inbox.settled'; readonly uuids: readonly string[] }
  | ({
      readonly e: 'schedule.created';
      readonly id: string;
      readonly rule: Rule;
      readonly builtIn: string | null;
      /** Key of the settings that its time comes from. */
      readonly timeKey?: string;
    } & AskedBy)
  /** `after`, ms since 1970: when it is due has changed, and planned times later than this count; null: it has not. */
  | ({
      readonly e: 'schedule.changed';
      readonly id: string;
      readonly rule: Rule;
      readonly after: number | null;
      readonly timeKey?: string;
    } & AskedBy)
  | ({
      readonly e: 'schedule.paused';
      readonly id: string;
      readonly reason: string;
      readonly until: number | null;
    } & AskedBy)
  /** Held up to `to`, ms since 1970; with `catchUp` planned times of the pause count as late, not as held. */
  | ({ readonly e: 'schedule.resumed'; readonly id: string; readonly to: number; readonly catchUp: boolean } & AskedBy)
  | ({ readonly e: 'schedule.deleted'; readonly id: string } & AskedBy)
  | ({ readonly e: 'schedules.paused'; readonly reason: string; readonly until: number | null } & AskedBy)
  | ({ readonly e: 'schedules.resumed'; readonly to: number; readonly catchUp: boolean } & AskedBy)
  /** What the settings say of all: whether any is to start, and the zone of those that name none, for planned times later than `after`. */
  | { readonly e: 'scheduler.set'; readonly on: boolean; readonly zone: string; readonly after: number }
  /** Planned times up to `to` that submit nothing now, with what waits for its turn from here on. */
  | {
      readonly e: 'occurrences.settled';
      readonly id: string;
      readonly to: number;
      readonly rows: readonly Occurrence[];
      readonly waiting: readonly WaitingOccurrence[];
    }
  /** The run of an occurrence is over, so that the next one has its turn. */
  | { readonly e: 'schedule.run_ended'; readonly id: string; readonly run: string; readonly state: RunState }
  | StoreSet
  | ({ readonly e: 'store.deleted'; readonly key: string } & AskedBy)
  /** What ends at `upTo`, ms since 1970, or before has left memory. */
  | { readonly e: 'store.cleared'; readonly upTo: number }
  /** With the occurrence of a schedule that starts it, in the same line: neither is ever there without the other. */
  | ({ readonly e: 'run.started'; readonly occurrence?: AcceptedOccurrence } & RunStart & AskedBy)
  | ({ readonly e: 'run.paused'; readonly id: string; readonly reason: string } & AskedBy)
  | ({ readonly e: 'run.resumed'; readonly id: string } & AskedBy)
  | ({ readonly e: 'run.canceled'; readonly id: string } & AskedBy)
  /** Failures so far no longer stop it; the tasks that run again follow, each in an entry of its own. */
  | ({ readonly e: 'run.retried'; readonly id: string } & AskedBy)
  | { readonly e: 'run.archived'; readonly ids: readonly string[] }
  | { readonly e: 'pipelines.changed'; readonly changes: readonly PipelineChanged[]; readonly more: number }
  /** What `sources.yaml` says is another: so many sources, or so many mistakes, and those before go on. */
  | { readonly e: 'sources.changed'; readonly sources: number; readonly mistakes: number }
  | LibraryPut
  | { readonly e: 'clock.jumped'; readonly byMs: number };
export type EventName = Event['e'];

/** Every name, so that an entry of an unknown kind is refused and never skipped. */
export const EVENT_NAMES: Readonly<Record<EventName, true>> = {
  'task.accepted': true,
  'attempt.started': true,
  'attempt.ended': true,
  'supervisor.started': true,
  'supervisor.stopped': true,
  'task.due': true,
  'task.promoted': true,
  'task.canceled': true,
  'task.cancel_requested': true,
  'task.retried': true,
  'task.archived': true,
  'attempt.progressed': true,
  'attempt.checkpointed': true,
  'suspect.cleared': true,
  'child.started': true,
  'queue.paused': true,
  'queue.resumed': true,
  'worker.recycled': true,
  'settings.changed': true,
  'flag.switched': true,
  'handlers.changed': true,
  'inbox.taken': true,
  'inbox.settled': true,
  'schedule.created': true,
  'schedule.changed': true,
  'schedule.paused': true,
  'schedule.resumed': true,
  'schedule.deleted': true,
  'schedules.paused': true,
  'schedules.resumed': true,
  'scheduler.set': true,
  'occurrences.settled': true,
  'schedule.run_ended': true,
  'store.set': true,
  'store.deleted': true,
  'store.cleared': true,
  'run.started': true,
  'run.paused': true,
  'run.resumed': true,
  'run.canceled': true,
  'run.retried': true,
  'run.archived': true,
  'pipelines.changed': true,
  'sources.changed': true,
  'library.put': true,
  'clock.jumped': true,
};

/** @param from where the request came from; null when that is not known */
export function askedBy({ origin, from }: { readonly origin: string; readonly from: string | null }): AskedBy {
  return from === null ? { by: origin } : { by: origin, from };
}
