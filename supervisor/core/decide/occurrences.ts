/** From what became of a schedule's planned times to events: what is submitted, and what is only written down. */
import type { Event, TaskAccepted } from '../event.ts';
import type { HandlerDefaults } from '../options.ts';
import type { Evaluation, Submit } from '../schedule/evaluate.ts';
import type { Occurrence, Schedule, WaitingOccurrence } from '../schedule/schedule.ts';
import type { State } from '../state.ts';
import { checkTask } from '../task-input.ts';
import { acceptedTask } from './submit.ts';

export interface Submitting {
  readonly now: number;
  readonly newId: () => string;
  readonly handlerOf: (type: string) => HandlerDefaults | undefined;
  /** How long the work of a late one waits, so that a start after a long stop is not a rush. */
  readonly delayMs: (submit: Submit) => number;
  /** Who asked for it, where somebody did. */
  readonly byHand?: string;
}

/** To be written down as one: all of them or none. */
export function occurrenceEvents(
  state: State,
  schedule: Schedule,
  evaluation: Evaluation,
  by: Submitting,
): readonly Event[] {
  const { rows, waiting, replaces, submits } = evaluation;
  const accepted: TaskAccepted[] = [];
  const unfit: Occurrence[] = [];
  for (const submit of submits) {
    const event = submitEvent(state, schedule, submit, by);
    if ('e' in event) accepted.push(event);
    else unfit.push(event);
  }
  const leaving = schedule.waiting.filter((one) => accepted.some((task) => isOf(task, one)));
  const waitsChange = waiting.length + leaving.length !== schedule.waiting.length;
  const told = rows.length + unfit.length > 0 || replaces || waitsChange;
  const settled: Event = {
    e: 'occurrences.settled',
    id: schedule.id,
    to: evaluation.settledTo,
    rows: [...rows, ...unfit],
    // Those that have their turn now: the task that is accepted for one takes it out.
    waiting: [...leaving, ...waiting],
  };
  const asked = replaces ? cancelEvents(state, schedule) : [];
  return [...(told || accepted.length === 0 ? [settled] : []), ...accepted, ...asked];
}

function isOf({ occurrence }: TaskAccepted, { plannedAt }: WaitingOccurrence): boolean {
  return occurrence?.plannedAt === plannedAt;
}

/** Works as nobody's task and everybody's: its origin names the schedule. */
function submitEvent(state: State, schedule: Schedule, submit: Submit, by: Submitting): TaskAccepted | Occurrence {
  const { plannedAt, outcome } = submit;
  const checked = checkTask(JSON.parse(schedule.rule.task));
  if (!checked.ok) {
    const words = checked.mistakes.map(({ path, message }) => `${path} ${message}`).join('; ');
    return { plannedAt, outcome: 'skipped', reason: `its task is not valid: ${words}` };
  }
  const delayMs = by.delayMs(submit);
  const input = delayMs > 0 ? { ...checked.value, delayMs } : checked.value;
  const origin = `schedule:${schedule.rule.name}`;
  const task = acceptedTask(state, input, by.newId(), origin, by.now, by.handlerOf(input.type));
  return {
    ...task,
    occurrence: { schedule: schedule.id, plannedAt, outcome, ...(by.byHand && { byHand: by.byHand }) },
  };
}

function cancelEvents(state: State, { active, rule }: Schedule): Event[] {
  return active.flatMap((id): Event[] => {
    const task = state.tasks.get(id);
    const by = `schedule:${rule.name}`;
    if (!task) return [];
    if (task.state !== 'running') return [{ e: 'task.canceled', id, by }];
    return task.life?.cancelRequestedAt == null ? [{ e: 'task.cancel_requested', id, by }] : [];
  });
}
