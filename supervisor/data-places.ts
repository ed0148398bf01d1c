/**
 * What lies where in the data folder (`data/README.md` explains each). Folders are made when missing; something else in
 * the place of one is somebody's mistake, and the start says so before it touches anything.
 */
import { mkdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from './core/fault.ts';

const MADE = ['inbox', 'accepted', 'rejected', 'handlers', 'pipelines', 'history', 'logs', 'quarantine', 'trash'];
/** Made by the parts they belong to. */
const FOLDERS = [...MADE, 'journal', 'snapshots', 'scratch', 'served'];
const FILES = ['LOCK', 'token', 'supervisor.json', 'revisions.json', 'reserve.bin', 'sources.yaml'];

/** @throws Fault `dataFolder` that names the path */
export function checkPlaces(dataDir: string): void {
  for (const name of FOLDERS)
    if (!(statOf(join(dataDir, name))?.isDirectory() ?? true)) throw misplaced(join(dataDir, name), 'not a folder');
  for (const name of FILES)
    if (!(statOf(join(dataDir, name))?.isFile() ?? true)) throw misplaced(join(dataDir, name), 'not a file');
}

export function makeFolders(dataDir: string): void {
  for (const name of MADE) mkdirSync(join(dataDir, name), { recursive: true, mode: 0o700 });
}

/** Null for what is missing or cannot be looked at: whoever uses it says more about that. */
function statOf(path: string): Stats | null {
  try {
    return statSync(path);
  } catch {
    return null;
  }
}

function misplaced(path: string, what: string): Fault {
  return new Fault('dataFolder', `${path} is ${what}`, 'move it away, then start again: Nightshift makes its own');
}
