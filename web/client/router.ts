/** Which page the address names, as a signal; and moving to another one without loading the page anew. */
import { signal } from '@preact/signals';
import { base, href } from './base.ts';

export type PageName =
  | 'overview'
  | 'tasks'
  | 'task'
  | 'runs'
  | 'run'
  | 'schedules'
  | 'schedule'
  | 'newSchedule'
  | 'editSchedule'
  | 'library'
  | 'libraryTracks'
  | 'playlist'
  | 'workers'
  | 'handlers'
  | 'stats'
  | 'settings'
  | 'store'
  | 'missing';

/** Pages of the settings beside the first one. */
const SETTINGS_PARTS: readonly string[] = ['', 'flags', 'revisions'];

export interface Route {
  readonly page: PageName;
  /** Id of the task, the run or the schedule that a page shows; part of the settings a `settings` page shows. */
  readonly id: string;
  readonly query: URLSearchParams;
}

export const route = signal<Route>(read());

function read(): Route {
  const inside = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : '';
  const [page = '', id = '', ...rest] = inside.split('/').filter(Boolean).map(decoded);
  return { page: pageOf(page, id, rest.join('/')), id, query: new URLSearchParams(location.search) };
}

/** An address that somebody mistyped names no page; it must not break all of them. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function pageOf(page: string, id: string, rest: string): PageName {
  if (page === 'schedules' && rest === 'edit') return 'editSchedule';
  if (rest !== '') return 'missing';
  if (page === '') return 'overview';
  if (page === 'schedules') return id === '' ? 'schedules' : id === 'new' ? 'newSchedule' : 'schedule';
  if (page === 'tasks') return id === '' ? 'tasks' : 'task';
  if (page === 'runs') return id === '' ? 'runs' : 'run';
  if (page === 'library') return id === '' ? 'library' : id === 'tracks' ? 'libraryTracks' : 'playlist';
  if (page === 'handlers' && id === 'stats') return 'stats';
  if (page === 'settings' && SETTINGS_PARTS.includes(id)) return 'settings';
  return (page === 'workers' || page === 'handlers' || page === 'store') && id === '' ? page : 'missing';
}

/** The row that the reader left a list by, until the list shows it again. */
let awaited: string | null = null;

/** True once, for the row that was left: it takes the focus back. */
export function isAwaited(id: string): boolean {
  if (awaited !== id) return false;
  awaited = null;
  return true;
}

/**
 * Goes to a page; the reader of a screen hears its heading, because focus moves there.
 * @param focus what on that page has the focus instead; before another key can be pressed
 */
export function go(path: string, focus = 'main'): void {
  const row = document.activeElement?.closest('tr')?.dataset['id'] ?? null;
  awaited = null;
  history.replaceState({ row }, '');
  history.pushState(null, '', href(path));
  route.value = read();
  scrollTo(0, 0);
  queueMicrotask(() => {
    const found = document.querySelector<HTMLElement>(focus) ?? document.querySelector<HTMLElement>('main');
    found?.focus({ preventScroll: true });
  });
}

/** Writes what the page shows into the address, so that it can be sent to somebody; no new entry in the history. */
export function rewrite(path: string): void {
  history.replaceState(null, '', href(path));
  route.value = read();
}

addEventListener('popstate', (event) => {
  const left = event.state as { readonly row: string | null } | null;
  awaited = left?.row ?? null;
  route.value = read();
});

/** Where one is, from the console's root on, as the login's `next` takes it. */
function here(): string {
  return `/${location.pathname.slice(base.length)}${location.search}`;
}

/** The server's own form, which leads back to where the reader was. */
export function loginHref(): string {
  return href(route.value.page === 'overview' ? 'login' : `login?next=${encodeURIComponent(here())}`);
}

export function taskPath(id: string): string {
  return `tasks/${encodeURIComponent(id)}`;
}

/** @param id of a playlist, or `tracks` */
export function libraryPath(id: string): string {
  return `library/${encodeURIComponent(id)}`;
}

export function runPath(id: string): string {
  return `runs/${encodeURIComponent(id)}`;
}

/** @returns where that is seen which an occurrence of a schedule started; null where it started nothing */
export function startedPath({ taskId, runId }: { readonly taskId?: string; readonly runId?: string }): string | null {
  if (taskId !== undefined) return taskPath(taskId);
  return runId === undefined ? null : runPath(runId);
}

/** @param id that of a schedule, which nobody chooses, so that none is called `new` */
export function schedulePath(id: string): string {
  return `schedules/${encodeURIComponent(id)}`;
}
