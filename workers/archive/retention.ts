/** Which archives are removed once a new one is there: all but the newest, and those that are too old. */
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { syncFolder } from '../download/folder.ts';
import { durationMs } from '../duration.ts';
import { archivesIn, timeOf } from './write-archive.ts';

/** As members of the params of a handler that makes archives. */
export const RETENTION = {
  /** How many are kept; the new one counts. */
  keep: z.number().int().min(1).max(10_000).default(7),
  /** Older ones are removed, such as `90d`. */
  maxAge: z
    .string()
    .refine((text) => durationMs(text) !== null, 'must be a duration such as "90d"')
    .optional(),
};

export interface Retention {
  readonly keep: number;
  readonly maxAge?: string | undefined;
}

/** @param made path of the new one, which always stays. @returns names of those removed */
export async function removeOld(made: string, folder: string, prefix: string, now: number, rule: Retention) {
  const others = (await archivesIn(folder, prefix)).filter((name) => name !== basename(made));
  const tooMany = Math.max(0, others.length - (rule.keep - 1));
  const maxAgeMs = rule.maxAge === undefined ? null : durationMs(rule.maxAge);
  const old = (name: string) => maxAgeMs !== null && now - (timeOf(name, prefix) ?? now) > maxAgeMs;
  const removed = others.filter((name, index) => index < tooMany || old(name));
  for (const name of removed) await rm(join(folder, name), { force: true });
  if (removed.length > 0) await syncFolder(folder);
  return removed;
}
