/** What the list of tasks is asked for: kept in the address, so that a list can be sent to somebody and Back works. */
import type { TaskState } from '../../supervisor/core/task.ts';
import { STATE_ORDER } from './parts/state-word.tsx';

export interface TaskFilter {
  readonly states: readonly TaskState[];
  readonly type: string;
  readonly text: string;
  /** Page after this cursor; the newest when empty. */
  readonly cursor: string;
}

export const tasksShownMax = 50;

export function filterOf(query: URLSearchParams): TaskFilter {
  const asked = (query.get('state') ?? '').split(',');
  return {
    states: STATE_ORDER.filter((state) => asked.includes(state)),
    type: query.get('type') ?? '',
    text: query.get('q') ?? '',
    cursor: query.get('cursor') ?? '',
  };
}

export function isEmpty({ states, type, text }: TaskFilter): boolean {
  return states.length === 0 && type === '' && text === '';
}

function query(filter: TaskFilter): URLSearchParams {
  const made = new URLSearchParams();
  if (filter.states.length > 0) made.set('state', filter.states.join(','));
  if (filter.type !== '') made.set('type', filter.type);
  if (filter.text !== '') made.set('q', filter.text);
  if (filter.cursor !== '') made.set('cursor', filter.cursor);
  return made;
}

/** Address of the page. Commas stay readable. */
export function pathOf(filter: TaskFilter): string {
  const asked = query(filter).toString().replaceAll('%2C', ',');
  return asked === '' ? 'tasks' : `tasks?${asked}`;
}

export function apiQueryOf(filter: TaskFilter): string {
  const asked = query(filter);
  asked.set('limit', String(tasksShownMax));
  return asked.toString();
}

/** As the bodies of `POST /tasks/retry` and `/tasks/cancel` take it. */
export function bodyOf({ states, type, text }: TaskFilter): Record<string, unknown> {
  return {
    ...(states.length > 0 && { state: states }),
    ...(type !== '' && { type: [type] }),
    ...(text !== '' && { q: text }),
  };
}
