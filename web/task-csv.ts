/** A task as one row of CSV (RFC 4180), for spreadsheets; what has members of its own stands as JSON. */
import type { TaskView } from '../supervisor/facade.ts';

const COLUMNS: readonly (readonly [name: string, value: (task: TaskView) => unknown])[] = [
  ['id', (task) => task.id],
  ['type', (task) => task.type],
  ['state', (task) => task.state],
  ['createdAt', (task) => task.createdAt],
  ['startedAt', (task) => task.startedAt],
  ['finishedAt', (task) => task.finishedAt],
  ['attempt', (task) => task.attempt],
  ['origin', (task) => task.origin],
  ['group', (task) => task.group],
  ['run', (task) => task.run?.id],
  ['stage', (task) => task.run?.stage],
  ['tags', (task) => task.tags.join(' ')],
  ['errorCode', (task) => task.error?.code],
  ['errorMessage', (task) => task.error?.message],
  ['params', (task) => task.params],
  ['result', (task) => task.result],
];

export const csvHead = `${COLUMNS.map(([name]) => name).join(',')}\r\n`;

export function csvRow(task: TaskView): string {
  return `${COLUMNS.map(([, value]) => cell(value(task))).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // A spreadsheet would run these as a formula, and the text may be anybody's.
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
