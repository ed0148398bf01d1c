/** Which field of the form a mistake of a schedule belongs to; the server names places such as `$.when.at`. */
import type { Mistake } from '../../supervisor/core/refusal.ts';
import { say } from './language.ts';
import { ownRunMistakes, type RunDraft, writtenAt } from './run-draft.ts';
import { EMPTY_SCHEDULE, type ScheduleDraft } from './schedule-draft.ts';
import { paramsMistake } from './task-draft.ts';

export type ScheduleMistakes = Partial<Record<keyof ScheduleDraft | 'form', string>>;

/** @param otherwise what to say where no place is named */
export function scheduleMistakes(
  mistakes: readonly Mistake[],
  otherwise: string,
  draft: ScheduleDraft,
): ScheduleMistakes {
  if (mistakes.length === 0) return { form: otherwise };
  const found: ScheduleMistakes = {};
  for (const { path, message } of mistakes) {
    const [field, place] = fieldAt(draft.work === 'run' ? writtenAt(path, draft) : path, draft.kind);
    const text = [place, message].filter(Boolean).join(' ');
    found[field] = found[field] ? `${found[field]}; ${text}` : text;
  }
  for (const [field, text] of Object.entries(missing(draft))) {
    if (field in found) found[field as keyof ScheduleMistakes] = text;
  }
  return found;
}

/** @returns the field, and the place inside of it that has to be told as well */
function fieldAt(path: string, kind: ScheduleDraft['kind']): readonly [keyof ScheduleMistakes, string] {
  const [, when] = /^\$\.when\.(\w+)/.exec(path) ?? [];
  if (when === 'at') return [kind === 'once' ? 'moment' : 'at', ''];
  if (when !== undefined && when in EMPTY_SCHEDULE) return [when as keyof ScheduleDraft, ''];
  const [, work = '', place = ''] =
    /^\$\.(?:task|run)\.(type|pipeline|params|sources|scope)\b\.?(.*)$/.exec(path) ?? [];
  if (work !== '') return [work as 'type' | keyof RunDraft, place];
  const [, member = ''] = /^\$\.(\w+)$/.exec(path) ?? [];
  if (member in EMPTY_SCHEDULE) return [member as keyof ScheduleDraft, ''];
  return ['form', path.replace(/^\$\.?/, '')];
}

/** Mistakes that need no server. */
export function ownMistakes(draft: ScheduleDraft): ScheduleMistakes {
  if (draft.work === 'run') return { ...missing(draft), ...ownRunMistakes(draft) };
  const params = paramsMistake(draft.params);
  return { ...missing(draft), ...(params !== null && { params }) };
}

/** What has not been filled in, in words for people. */
function missing({ name, work, type, pipeline, kind, days, moment }: ScheduleDraft): ScheduleMistakes {
  const { add, scheduleForm } = say();
  return {
    ...(name.trim() === '' && { name: add.required }),
    ...(work === 'task' && type.trim() === '' && { type: add.required }),
    ...(work === 'run' && pipeline === '' && { pipeline: add.required }),
    ...(kind === 'weekly' && days.length === 0 && { days: scheduleForm.chooseDays }),
    ...(kind === 'once' && moment.trim() === '' && { moment: scheduleForm.chooseMoment }),
  };
}
