/**
 * The history of the env file: each content that was found good and used, kept whole in `revisions.json`. A box whose
 * env file was broken by a typo starts on the last good one.
 *
 * lowdb keeps the data; its own file adapter neither syncs nor survives a torn file, so the adapter here does.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Adapter, Low } from 'lowdb';
import type { RevisionBy } from '../core/revision.ts';
import { replaceFile, syncFolder } from './durable-file.ts';
import { readEnvFile } from './env-file.ts';

export const revisionsMax = 200;

/** Who changed it, from where and why. */
export type Change = Pick<Revision, 'by' | 'from' | 'note'>;
const byFile: Change = { by: 'file', from: null, note: null };

export interface Revision {
  /** `r1`, `r2`, … */
  readonly id: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly by: RevisionBy;
  /** Where a change over HTTP came from; null for the file. */
  readonly from: string | null;
  /** What whoever changed it had to say. */
  readonly note: string | null;
  /** `nightshift.env`, or the path of another env file. */
  readonly file: string;
  /** sha256 of the content. */
  readonly hash: string;
  /** Keys that differ from the revision before. */
  readonly keys: readonly string[];
  /** The env file as it was, secrets included: never to be shown unmasked. */
  readonly content: string;
}

interface Kept {
  readonly version: 1;
  readonly revisions: readonly Revision[];
}

const EMPTY: Kept = { version: 1, revisions: [] };

export interface RevisionsOptions {
  /** `DATA/revisions.json` */
  readonly path: string;
  /** Where a file that cannot be read is moved. */
  readonly quarantineDir: string;
  /** Wall time, ms since 1970. */
  readonly now: () => number;
}

export class Revisions {
  /** Where a damaged file was moved while opening, or null. */
  readonly quarantined: string | null;
  readonly #db: Low<Kept>;
  readonly #now: () => number;

  private constructor(db: Low<Kept>, quarantined: string | null, now: () => number) {
    this.#db = db;
    this.quarantined = quarantined;
    this.#now = now;
  }

  static async open(options: RevisionsOptions): Promise<Revisions> {
    const adapter = new SyncedFile(options);
    const db = new Low<Kept>(adapter, EMPTY);
    await db.read();
    return new Revisions(db, adapter.quarantined, options.now);
  }

  /** Oldest first. */
  get all(): readonly Revision[] {
    return this.#db.data.revisions;
  }

  /** The newest revision of an env file. */
  last(file: string): Revision | null {
    return this.all.findLast((revision) => revision.file === file) ?? null;
  }

  /** @returns null for one that was never kept, or no longer is */
  get(id: string): Revision | null {
    return this.all.find((revision) => revision.id === id) ?? null;
  }

  /**
   * Keeps a content as the newest revision, unless it already is. Durable when the promise resolves.
   * @param inUse revisions that a task was created with and may still ask for: they are kept beyond the limit
   */
  async keep(
    file: string,
    content: string,
    change: Change = byFile,
    inUse: () => ReadonlySet<string> = () => new Set(),
  ): Promise<Revision> {
    const hash = hashOf(content);
    const last = this.last(file);
    if (last?.hash === hash) return last;
    const number = Number(this.all.at(-1)?.id.slice(1) ?? 0) + 1;
    const at = new Date(this.#now()).toISOString();
    const revision: Revision = {
      id: `r${number}`,
      at,
      ...change,
      file,
      hash,
      keys: changedKeys(last?.content ?? '', content),
      content,
    };
    const before = this.#db.data;
    this.#db.data = { version: 1, revisions: trimmed([...before.revisions, revision], inUse) };
    try {
      await this.#db.write();
    } catch (error) {
      this.#db.data = before;
      throw error;
    }
    return revision;
  }
}

function trimmed(revisions: readonly Revision[], inUse: () => ReadonlySet<string>): readonly Revision[] {
  if (revisions.length <= revisionsMax) return revisions;
  const kept = inUse();
  const old = revisions.slice(0, -revisionsMax).filter(({ id }) => kept.has(id));
  return [...old, ...revisions.slice(-revisionsMax)];
}

export function hashOf(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Keys whose values differ, sorted. */
export function changedKeys(before: string, after: string): string[] {
  return differences(before, after).map(({ key }) => key);
}

/** The same with both values; null where a key is not set. Holds secrets. */
export function differences(before: string, after: string) {
  const [old, fresh] = [values(before), values(after)];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  return keys
    .map((key) => ({ key, before: old.get(key) ?? null, after: fresh.get(key) ?? null }))
    .filter((one) => one.before !== one.after);
}

function values(content: string): Map<string, string> {
  return new Map(readEnvFile(Buffer.from(content)).entries.map((entry) => [entry.key, entry.value]));
}

/** A file replaced as a whole and synced; one that cannot be read is evidence, moved aside and never overwritten. */
class SyncedFile implements Adapter<Kept> {
  quarantined: string | null = null;
  readonly #options: RevisionsOptions;

  constructor(options: RevisionsOptions) {
    this.#options = options;
  }

  async read(): Promise<Kept | null> {
    const { path } = this.#options;
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (text === null) return null;
    const kept = parse(text);
    if (kept === null) await this.#quarantine();
    return kept;
  }

  async write(kept: Kept): Promise<void> {
    await replaceFile(this.#options.path, `${JSON.stringify(kept, null, 2)}\n`);
  }

  async #quarantine(): Promise<void> {
    const { path, quarantineDir, now } = this.#options;
    const stamp = new Date(now()).toISOString().replaceAll(':', '-');
    const target = join(quarantineDir, `${stamp}-${basename(path)}`);
    await mkdir(quarantineDir, { recursive: true, mode: 0o700 });
    await rename(path, target);
    await syncFolder(quarantineDir);
    await syncFolder(dirname(path));
    this.quarantined = target;
  }
}

function parse(text: string): Kept | null {
  try {
    const kept: unknown = JSON.parse(text);
    return isKept(kept) ? { ...kept, revisions: kept.revisions.map((revision) => ({ ...byFile, ...revision })) } : null;
  } catch {
    return null;
  }
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null || !('revisions' in value) || !Array.isArray(value.revisions))
    return false;
  if (!('version' in value) || value.version !== 1) return false;
  return value.revisions.every(isRevision);
}

function isRevision(value: unknown): value is Revision {
  if (typeof value !== 'object' || value === null) return false;
  const { id, at, by, file, hash, keys, content } = value as Partial<Record<keyof Revision, unknown>>;
  const texts = [at, by, file, hash, content].every((text) => typeof text === 'string');
  // A hash that does not fit its content means that the content has rotted: not a thing to start from.
  const { from = null, note = null } = value as Partial<Record<keyof Revision, unknown>>;
  const said = [from, note].every((text) => text === null || typeof text === 'string');
  return said && texts && /^r\d{1,15}$/.test(String(id)) && Array.isArray(keys) && hash === hashOf(content as string);
}
