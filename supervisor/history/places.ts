/** What lies where in `history/`. */
import { join } from 'node:path';

export function indexFolder(folder: string): string {
  return join(folder, 'index');
}

export function archiveFolder(folder: string): string {
  return join(folder, 'archive');
}

export function monthFile(month: string): string {
  return `${month}.ndjson`;
}

export function archiveFile(month: string): string {
  return `archive/${month}.ndjson.gz`;
}
