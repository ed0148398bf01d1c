/** A task to run again from its record in the history: what is missing or no longer valid is replaced, and said. */
import type { TaskRecord } from './core/record.ts';
import { refusalOf } from './core/refusal.ts';
import { checkTask, type TaskInput } from './core/task-input.ts';

export interface Rebuilt {
  readonly input: TaskInput;
  /** What had to be assumed; null when the record was whole. */
  readonly warning: string | null;
}

/** Members a task takes over from the record it repeats; its key does not, as it names the work already done. */
const MEMBERS = ['type', 'priority', 'maxAttempts', 'backoff', 'timeout', 'tags', 'group', 'onInterrupt'] as const;

/** @throws Refusal `validation` when it was taken by other limits than those of today */
export function inputOf(record: Partial<TaskRecord>): Rebuilt {
  const whole: Record<string, unknown> = { params: record.params };
  for (const member of MEMBERS) whole[member] = record[member];
  // Most are as this version writes them: checked once.
  const lacks = Object.values(whole).some((value) => value === undefined);
  const checked = lacks ? null : checkTask(withoutNulls(whole));
  return checked?.ok ? { input: checked.value, warning: null } : assumedInput(record);
}

function withoutNulls({ params, ...members }: Record<string, unknown>): Record<string, unknown> {
  for (const member of MEMBERS) if (members[member] === null) delete members[member];
  return { params, ...members };
}

function assumedInput(record: Partial<TaskRecord>): Rebuilt {
  const params = record.params === undefined ? {} : record.params;
  const given: Record<string, unknown> = { params };
  const assumed: string[] = record.params === undefined ? ['params'] : [];
  for (const member of MEMBERS) {
    const value = record[member];
    if (value === null) continue;
    if (value === undefined || !checkTask({ type: 'any', [member]: value }).ok) assumed.push(member);
    else given[member] = value;
  }
  const checked = checkTask({ type: 'unknown', ...given });
  if (!checked.ok) throw refusalOf(checked.mistakes);
  return {
    input: checked.value,
    warning: assumed.length > 0 ? `its record lacks ${assumed.join(', ')}: defaults were taken` : null,
  };
}
