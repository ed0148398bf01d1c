/** What the pages of runs are asked for: kept in the address, so that it can be sent to somebody and Back works. */
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import type { RunState } from '../../supervisor/core/run/run-state.ts';
import type { TaskState } from '../../supervisor/core/task.ts';
import { RUN_STATE_ORDER } from './parts/run-words.tsx';
import { STATE_ORDER } from './parts/state-word.tsx';
import { runPath } from './router.ts';
import type { TaskFilter } from './task-filter.ts';

export interface RunFilter {
  readonly states: readonly RunState[];
  /** Name; all when empty. */
  readonly pipeline: string;
  /** Page after this cursor; the newest when empty. */
  readonly cursor: string;
}

export function runFilterOf(query: URLSearchParams): RunFilter {
  const asked = (query.get('state') ?? '').split(',');
  return {
    states: RUN_STATE_ORDER.filter((state) => asked.includes(state)),
    pipeline: query.get('pipeline') ?? '',
    cursor: query.get('cursor') ?? '',
  };
}

export function runsQueryOf({ states, pipeline, cursor }: RunFilter): string {
  return new URLSearchParams({
    ...(states.length > 0 && { state: states.join() }),
    ...(pipeline !== '' && { pipeline }),
    ...(cursor !== '' && { cursor }),
  })
    .toString()
    .replaceAll('%2C', ',');
}

export function runsPathOf(filter: RunFilter): string {
  const query = runsQueryOf(filter);
  return query === '' ? 'runs' : `runs?${query}`;
}

/** Which tasks of a run its page lists. */
export interface RunTasksFilter {
  /** Name; all when empty. */
  readonly stage: string;
  readonly states: readonly TaskState[];
  readonly cursor: string;
}

export function runTasksOf(query: URLSearchParams): RunTasksFilter {
  const asked = (query.get('state') ?? '').split(',');
  return {
    stage: query.get('stage') ?? '',
    states: STATE_ORDER.filter((state) => asked.includes(state)),
    cursor: query.get('cursor') ?? '',
  };
}

export function runTasksPath(id: string, { stage, states, cursor }: RunTasksFilter): string {
  const query = new URLSearchParams({
    ...(stage !== '' && { stage }),
    ...(states.length > 0 && { state: states.join() }),
    ...(cursor !== '' && { cursor }),
  });
  const text = query.toString().replaceAll('%2C', ',');
  return text === '' ? runPath(id) : `${runPath(id)}?${text}`;
}

/** As the list of tasks has it. None of its tasks is older than the run, so no month before it is searched. */
export function taskFilterOf({ id, createdAt }: RunRecord, { stage, states, cursor }: RunTasksFilter): TaskFilter {
  const more = { run: id, ...(stage !== '' && { stage }), from: createdAt };
  return { states, type: '', text: '', more, cursor };
}

/** States of tasks that a count of a stage stands for. */
export const COUNTED = {
  waiting: ['queued', 'scheduled', 'retrying', 'interrupted'],
  running: ['running'],
  succeeded: ['succeeded'],
  failed: ['failed'],
  canceled: ['canceled'],
} as const satisfies Readonly<Record<string, readonly TaskState[]>>;
