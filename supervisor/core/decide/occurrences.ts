/** From what became of a schedule's planned times to events: what is submitted, and what is only written down. */
import type { AcceptedOccurrence, Event } from '../event.ts';
import type { HandlerDefaults } from '../options.ts';
import { type Mistake, Refusal } from '../refusal.ts';
import { checkRun } from '../run/input.ts';
import type { Pipeline } from '../run/pipeline.ts';
import type { Evaluation, Submit } from '../schedule/evaluate.ts';
import type { Occurrence, Schedule } from '../schedule/schedule.ts';
import type { State } from '../state.ts';
import { checkTask } from '../task-input.ts';
import { startRun } from './runs.ts';
import { acceptedTask } from './submit.ts';

export interface Submitting {
  readonly now: number;
  readonly newId: () => string;
  readonly handlerOf: (type: string) => HandlerDefaults | undefined;
  readonly pipelineOf: (name: string) => Pipeline | undefined;
  /** How long the work of a late one waits, so that a start after a long stop is not a rush. */
  readonly delayMs: (submit: Submit) => number;
  /** Who asked for it, where somebody did. */
  readonly byHand?: string;
}

/** What one submits: the event that holds its occurrence first. */
interface Begun {
  readonly plannedAt: number;
  readonly events: readonly Event[];
}

/** To be written down as one: all of them or none. */
export function occurrenceEvents(
  state: State,
  schedule: Schedule,
  evaluation: Evaluation,
  by: Submitting,
): readonly Event[] {
  const { rows, waiting, replaces, submits } = evaluation;
  const begun: Begun[] = [];
  const unfit: Occurrence[] = [];
  for (const submit of submits) {
    const one =
      schedule.rule.run === undefined
        ? taskOf(state, schedule, submit, by)
        : runOf(state, schedule, submit, by, begun.length);
    if ('events' in one) begun.push(one);
    else unfit.push(one);
  }
  const leaving = schedule.waiting.filter(({ plannedAt }) => begun.some((one) => one.plannedAt === plannedAt));
  const waitsChange = waiting.length + leaving.length !== schedule.waiting.length;
  const told = rows.length + unfit.length > 0 || replaces || waitsChange;
  const settled: Event = {
    e: 'occurrences.settled',
    id: schedule.id,
    to: evaluation.settledTo,
    rows: [...rows, ...unfit],
    // Those that have their turn now: the work that is accepted for one takes it out.
    waiting: [...leaving, ...waiting],
  };
  const asked = replaces ? cancelEvents(state, schedule) : [];
  const accepted = begun.flatMap(({ events }) => events);
  return [...(told || accepted.length === 0 ? [settled] : []), ...accepted, ...asked];
}

/** Works as nobody's task and everybody's: its origin names the schedule. */
function taskOf(state: State, schedule: Schedule, submit: Submit, by: Submitting): Begun | Occurrence {
  const { plannedAt } = submit;
  const checked = checkTask(JSON.parse(schedule.rule.task ?? 'null'));
  if (!checked.ok) return unfitRow(submit, 'task', checked.mistakes);
  const delayMs = by.delayMs(submit);
  const input = delayMs > 0 ? { ...checked.value, delayMs } : checked.value;
  const task = acceptedTask(state, input, by.newId(), originOf(schedule), by.now, by.handlerOf(input.type));
  return { plannedAt, events: [{ ...task, occurrence: occurrenceOf(schedule, submit, by) }] };
}

/** A stage of a type that nobody handles waits, as it does in a run that a person has started. */
function runOf(state: State, schedule: Schedule, submit: Submit, by: Submitting, before: number): Begun | Occurrence {
  const { plannedAt } = submit;
  const checked = checkRun(JSON.parse(schedule.rule.run ?? 'null'));
  if (!checked.ok) return unfitRow(submit, 'run', checked.mistakes);
  const pipeline = by.pipelineOf(checked.value.pipeline);
  if (!pipeline) return skipped(submit, `there is no pipeline ${checked.value.pipeline}`);
  const delayMs = by.delayMs(submit);
  const starting = {
    ...{ runId: by.newId(), taskId: by.newId(), handlerOf: by.handlerOf, before },
    ...{ runAt: delayMs > 0 ? by.now + delayMs : null, occurrence: occurrenceOf(schedule, submit, by) },
  };
  const decision = startRun(state, pipeline, checked.value, starting, { by: originOf(schedule) });
  return decision instanceof Refusal ? skipped(submit, decision.message) : { plannedAt, events: decision };
}

function unfitRow(submit: Submit, what: 'task' | 'run', mistakes: readonly Mistake[]): Occurrence {
  const words = mistakes.map(({ path, message }) => `${path} ${message}`).join('; ');
  return skipped(submit, `its ${what} is not valid: ${words}`);
}

function skipped({ plannedAt }: Submit, reason: string): Occurrence {
  return { plannedAt, outcome: 'skipped', reason };
}

function occurrenceOf({ id }: Schedule, { plannedAt, outcome }: Submit, { byHand }: Submitting): AcceptedOccurrence {
  return { schedule: id, plannedAt, outcome, ...(byHand && { byHand }) };
}

function originOf({ rule }: Schedule): string {
  return `schedule:${rule.name}`;
}

function cancelEvents(state: State, schedule: Schedule): Event[] {
  const by = originOf(schedule);
  const runs = schedule.runs.flatMap((id): Event[] =>
    state.runs.byId.get(id)?.cancel === null ? [{ e: 'run.canceled', id, by }] : [],
  );
  const tasks = schedule.active.flatMap((id): Event[] => {
    const task = state.tasks.get(id);
    if (!task) return [];
    if (task.state !== 'running') return [{ e: 'task.canceled', id, by }];
    return task.life?.cancelRequestedAt == null ? [{ e: 'task.cancel_requested', id, by }] : [];
  });
  return [...runs, ...tasks];
}
