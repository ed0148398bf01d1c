/** A schedule while somebody writes it in the form: from the record and back to what the API takes. */
import type { ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import type { Weekday, When, WhenKind } from '../../supervisor/core/schedule/when.ts';
import { EMPTY_RUN, type RunDraft, runBodyOf, draftOf as runDraftOf } from './run-draft.ts';

/** All of it is text as typed; each kind of rule has fields of its own, and keeps them while another one is looked at. */
export interface ScheduleDraft extends RunDraft {
  readonly name: string;
  /** What it does when it is due. Both have params; of the other members those of the other are kept. */
  readonly work: 'task' | 'run';
  readonly type: string;
  readonly kind: WhenKind;
  readonly at: string;
  readonly days: readonly Weekday[];
  readonly day: string;
  readonly every: string;
  readonly anchor: string;
  readonly expression: string;
  readonly moment: string;
  /** Empty for the setting TIMEZONE. */
  readonly timezone: string;
  readonly catchUp: ScheduleRecord['catchUp'];
  readonly catchUpLimit: string;
  readonly overlap: ScheduleRecord['overlap'];
  readonly startDeadline: string;
  readonly jitter: string;
  readonly pauseAfterFailures: string;
  readonly flag: string;
  readonly note: string;
}

export const EMPTY_SCHEDULE: ScheduleDraft = {
  ...EMPTY_RUN,
  name: '',
  work: 'task',
  type: '',
  kind: 'daily',
  at: '02:00',
  days: ['mon', 'tue', 'wed', 'thu', 'fri'],
  day: '1',
  every: '6h',
  anchor: '',
  expression: '0 2 * * *',
  moment: '',
  timezone: '',
  catchUp: 'latest',
  catchUpLimit: '10',
  overlap: 'skip',
  startDeadline: '',
  jitter: '',
  pauseAfterFailures: '',
  flag: '',
  note: '',
};

/** The task it submits, or the run it starts, as it was given. */
export function workOf({ task, run }: Pick<ScheduleRecord, 'task' | 'run'>): object {
  return (run ?? task) as object;
}

type WorkFields = RunDraft & Pick<ScheduleDraft, 'work' | 'type'>;

/** What stands in a schedule of either; what was left out is null or empty. */
interface Given {
  readonly type?: string;
  readonly pipeline?: string;
  readonly params?: unknown;
  readonly sources?: readonly string[];
  readonly scope?: unknown;
}

function workFields(record: Pick<ScheduleRecord, 'task' | 'run'>): WorkFields {
  const { type = '', pipeline = '', params = {}, sources = null, scope = null } = workOf(record) as Given;
  return { ...runDraftOf({ pipeline, params, sources, scope }), type, work: record.run === null ? 'task' : 'run' };
}

export function draftOf(record: ScheduleRecord): ScheduleDraft {
  const { catchUp, overlap, name, note } = record;
  return {
    ...EMPTY_SCHEDULE,
    ...whenFields(record.when as When),
    ...workFields(record),
    name,
    timezone: record.timezoneFollowsSetting ? '' : record.timezone,
    catchUp,
    catchUpLimit: String(record.catchUpLimit),
    overlap,
    startDeadline: record.startDeadline ?? '',
    jitter: record.jitter === '0s' ? '' : record.jitter,
    pauseAfterFailures: record.pauseAfterFailures === null ? '' : String(record.pauseAfterFailures),
    flag: record.flag ?? '',
    note,
  };
}

function whenFields(when: When): Partial<ScheduleDraft> {
  switch (when.kind) {
    case 'monthly':
      return { ...when, day: String(when.day) };
    case 'once':
      return { kind: 'once', moment: when.at };
    default:
      return when;
  }
}

/** The rule as the API takes it; what is not right is said by the server. */
export function whenOf(draft: ScheduleDraft): Record<string, unknown> {
  const { kind } = draft;
  const at = draft.at.trim();
  switch (kind) {
    case 'daily':
      return { kind, at };
    case 'weekly':
      return { kind, days: draft.days, at };
    case 'monthly':
      return { kind, day: draft.day === 'last' ? 'last' : Number(draft.day), at };
    case 'interval':
      return { kind, every: draft.every.trim(), ...(draft.anchor.trim() !== '' && { anchor: draft.anchor.trim() }) };
    case 'cron':
      return { kind, expression: draft.expression.trim() };
    case 'once':
      return { kind, at: draft.moment.trim() };
  }
}

const textOr = (text: string) => (text.trim() === '' ? null : text.trim());
const numberOr = (text: string) => (text.trim() === '' ? null : Number(text));

/**
 * The whole schedule. Call it only when the params and the scope are JSON.
 * @param kept members of the task or the run that the form does not show
 */
export function bodyOf(draft: ScheduleDraft, kept: object = {}): Record<string, unknown> {
  return {
    name: draft.name.trim(),
    ...(draft.work === 'run'
      ? { run: { ...kept, ...runBodyOf(draft) } }
      : { task: { ...kept, type: draft.type.trim(), params: JSON.parse(draft.params) } }),
    when: whenOf(draft),
    timezone: textOr(draft.timezone),
    catchUp: draft.catchUp,
    catchUpLimit: numberOr(draft.catchUpLimit),
    overlap: draft.overlap,
    startDeadline: textOr(draft.startDeadline),
    jitter: textOr(draft.jitter),
    pauseAfterFailures: numberOr(draft.pauseAfterFailures),
    flag: textOr(draft.flag),
    note: draft.note.trim(),
  };
}

/** Members of the work of a schedule that the form does not show. */
function keptOf(record: ScheduleRecord): object {
  const {
    type: _,
    params: __,
    pipeline: ___,
    sources: ____,
    scope: _____,
    ...kept
  } = workOf(record) as Record<string, unknown>;
  return kept;
}

/** Only the members that differ: a schedule that is over can have another note, but not the same rule again. */
export function changesOf(draft: ScheduleDraft, record: ScheduleRecord): Record<string, unknown> {
  const [was, kept] = [draftOf(record), keptOf(record)];
  const before = bodyOf(was, kept);
  const after = bodyOf(draft, draft.work === was.work ? kept : {});
  return Object.fromEntries(
    Object.entries(after).filter(([member, value]) => JSON.stringify(value) !== JSON.stringify(before[member])),
  );
}

/** What somebody typed over one version, put over another one: fields left alone take what is in force now. */
export function rebased(draft: ScheduleDraft, before: ScheduleRecord, after: ScheduleRecord): ScheduleDraft {
  const old = draftOf(before);
  const typed = Object.entries(draft).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field as keyof ScheduleDraft]),
  );
  return { ...draftOf(after), ...Object.fromEntries(typed) };
}
