/**
 * Rows that lead to a task, a run and the like: moved through by keyboard, opened by a click anywhere in them, found again after Back. The
 * current row is the one that has the focus, so that it is heard and seen without further means.
 */
import { follow } from './parts/link.tsx';

const ROWS = 'main tr[data-id]';
const CONTROLS = 'a, button, input, select, label, .pick';

/** Id of what has the focus, of its row. */
export function currentRow(): string | undefined {
  return document.activeElement?.closest<HTMLElement>(ROWS)?.dataset['id'];
}

export function focusRow(row: Element | undefined): void {
  const link = row?.querySelector<HTMLElement>('.task-name');
  link?.focus({ preventScroll: true });
  link?.scrollIntoView({ block: 'nearest' });
}

/** Through all lists of the page, in the order they are read. */
export function moveRow(by: 1 | -1): void {
  const rows = [...document.querySelectorAll(ROWS)];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  focusRow(rows[next]);
}

/** Presses a button of the current row; nothing where the row does not offer it. */
export function pressInRow(action: string): void {
  const row = document.activeElement?.closest(ROWS);
  row?.querySelector<HTMLElement>(`[data-action="${action}"]`)?.click();
}

/** Not where a control has been clicked, and not at the end of selecting text. */
export function openByRow(event: MouseEvent, path: string): void {
  const { target, currentTarget } = event;
  if (!(target instanceof Element) || target.closest(CONTROLS) || getSelection()?.type === 'Range') return;
  if (currentTarget instanceof Element) focusRow(currentTarget);
  follow(event, path);
}
