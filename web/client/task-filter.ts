/** What the list of tasks is asked for: kept in the address, so that a list can be sent to somebody and Back works. */
import type { TaskState } from '../../supervisor/core/task.ts';
import { STATE_ORDER } from './parts/state-word.tsx';

/** Filters that are asked for seldom, under their names in the API; each is text as the API takes it. */
export const MORE = [
  'schedule',
  'origin',
  'tag',
  'group',
  'run',
  'stage',
  'param',
  'from',
  'to',
  'durationFrom',
  'durationTo',
] as const;
export type MoreName = (typeof MORE)[number];
/** Those that are set; none is empty. */
export type More = Readonly<Partial<Record<MoreName, string>>>;

export interface TaskFilter {
  readonly states: readonly TaskState[];
  readonly type: string;
  readonly text: string;
  readonly more: More;
  /** Page after this cursor; the newest when empty. */
  readonly cursor: string;
}

export const NO_FILTER: TaskFilter = { states: [], type: '', text: '', more: {}, cursor: '' };
export const tasksShownMax = 50;

export function filterOf(query: URLSearchParams): TaskFilter {
  const asked = (query.get('state') ?? '').split(',');
  const more = MORE.map((name) => [name, query.getAll(name).filter(Boolean).join()] as const);
  return {
    states: STATE_ORDER.filter((state) => asked.includes(state)),
    type: query.get('type') ?? '',
    text: query.get('q') ?? '',
    more: Object.fromEntries(more.filter(([, text]) => text !== '')),
    cursor: query.get('cursor') ?? '',
  };
}

export function isEmpty({ states, type, text, more }: TaskFilter): boolean {
  return states.length === 0 && type === '' && text === '' && Object.keys(more).length === 0;
}

function query({ states, type, text, more, cursor }: TaskFilter): URLSearchParams {
  const made = new URLSearchParams();
  if (states.length > 0) made.set('state', states.join(','));
  if (type !== '') made.set('type', type);
  if (text !== '') made.set('q', text);
  for (const [name, value] of Object.entries(more)) made.set(name, value);
  if (cursor !== '') made.set('cursor', cursor);
  return made;
}

/** Address of the page. Commas and colons stay readable. */
export function pathOf(filter: TaskFilter): string {
  const asked = query(filter).toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return asked === '' ? 'tasks' : `tasks?${asked}`;
}

export function apiQueryOf(filter: TaskFilter, limit = tasksShownMax): string {
  const asked = query(filter);
  asked.set('limit', String(limit));
  return asked.toString();
}

/** Path in the API of everything that matches, as one file. */
export function exportPathOf(filter: TaskFilter, format: 'ndjson' | 'csv'): string {
  const asked = query({ ...filter, cursor: '' });
  asked.set('format', format);
  return `tasks/export?${asked}`;
}

/** As the bodies of `POST /tasks/retry` and `/tasks/cancel` take it. */
export function bodyOf({ states, type, text, more: { param, ...more } }: TaskFilter): Record<string, unknown> {
  return {
    ...(states.length > 0 && { state: states }),
    ...(type !== '' && { type: [type] }),
    ...(text !== '' && { q: text }),
    ...more,
    ...(param !== undefined && { param: JSON.parse(param) }),
  };
}
