/** Which archives are removed once a new one is there: all but the newest, and those that are too old. */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { syncFolder } from '../download/folder.ts';
import { archivesIn, timeOf } from './write-archive.ts';

export interface Retention {
  /** The new one counts. */
  readonly keep: number;
  readonly maxAgeMs: number | null;
}

/** @param made path of the new one, which always stays. @returns names of those removed */
export async function removeOld(made: string, folder: string, prefix: string, now: number, rule: Retention) {
  const others = (await archivesIn(folder, prefix)).filter((name) => name !== basename(made));
  const tooMany = Math.max(0, others.length - (rule.keep - 1));
  const old = (name: string) => rule.maxAgeMs !== null && now - (timeOf(name, prefix) ?? now) > rule.maxAgeMs;
  const removed = others.filter((name, index) => index < tooMany || old(name));
  for (const name of removed) await rm(join(folder, name), { force: true });
  if (removed.length > 0) await syncFolder(folder);
  return removed;
}
