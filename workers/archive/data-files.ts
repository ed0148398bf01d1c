/**
 * A consistent copy of a data folder while its supervisor goes on writing. Three things make it one:
 *
 * - History and ledger are measured first. What leaves memory later stands in the journal, which is looked at after them.
 *   A month of history may be packed meanwhile: it stays open from when it was found, or its archive is found after it.
 * - The journal's files are opened together, under one manifest: if that is another one by then, they are opened again.
 *   A file that is retired meanwhile stays readable, and the segment being written only grows; it is taken up to the last
 *   whole line, beyond which nothing has been acknowledged.
 * - Everything else comes after the journal: what it speaks of is there, and more does no harm.
 *
 * The manifest is the last file of the archive. A folder that has segments but no manifest does not start, so one that was
 * restored in part is never taken for a whole one.
 */
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf } from './file-bytes.ts';
import type { TarEntry } from './tar-write.ts';

/** A file that stays open, or is opened when its turn comes; up to `size` it is copied. */
export interface DataFile {
  readonly name: string;
  readonly size: number;
  readonly handle?: FileHandle;
  readonly content?: Buffer;
}

export interface DataCopy {
  readonly files: readonly DataFile[];
  /** The first file, which says what the archive is. */
  readonly about: DataFile;
  /** The manifest as it was. */
  readonly manifest: DataFile;
  readonly bytes: number;
  close(): Promise<void>;
}

interface Listed {
  readonly file: string;
}
interface Manifest {
  readonly segments: readonly Listed[];
  readonly active: string | null;
  readonly snapshots: readonly Listed[];
}

/** What `restore` looks for; a change of what an archive holds takes the next number. */
const formatNumber = 1;
const ABOUT = 'backup.json';
const MANIFEST = 'journal/MANIFEST.json';
const BEFORE = ['history', 'ledger'];
const AFTER = ['logs', 'inbox', 'accepted', 'rejected', 'handlers', 'pipelines'];
/** Rebuilt from what it is an index of. */
const NOT = new Set(['history/index', 'history/runs/index']);
const SINGLE = ['nightshift.env', 'revisions.json', 'sources.yaml'];
/** Of history; an archive that is being written is none yet. */
const MONTH = /^history\/(runs\/)?[^/]+\.ndjson$/;
const HALF = /^history\/(runs\/)?archive\/.*\.tmp$/;
const tries = 10;
const lineBytesMax = 2 * 1024 * 1024;
const LF = 10;

/** @param at when the backup began: what was acknowledged before is in it */
export async function openData(dataDir: string, at: Date): Promise<DataCopy> {
  for (let tried = 1; ; tried++) {
    const handles: FileHandle[] = [];
    const close = async () => {
      for (const handle of handles) await handle.close();
    };
    try {
      const content = await readFile(join(dataDir, MANIFEST));
      const before = await monthsHeld(dataDir, await measured(dataDir, BEFORE), handles);
      const journal = await openJournal(dataDir, JSON.parse(content.toString()) as Manifest, handles);
      const now = await readFile(join(dataDir, MANIFEST));
      if (!now.equals(content)) throw new Error('the journal was rearranged at every try');
      const after = await measured(dataDir, AFTER);
      const files = [...journal, ...before, ...after, ...(await measured(dataDir, SINGLE))];
      const bytes = files.reduce((sum, { size }) => sum + size, 0);
      const about = Buffer.from(`${JSON.stringify({ nightshift: formatNumber, madeAt: at.toISOString() })}\n`);
      return {
        files,
        about: { name: ABOUT, size: about.length, content: about },
        manifest: { name: MANIFEST, size: content.length, content },
        bytes,
        close,
      };
    } catch (error) {
      await close();
      if (tried === tries) throw error;
    }
  }
}

async function openJournal(dataDir: string, manifest: Manifest, handles: FileHandle[]): Promise<DataFile[]> {
  const files: DataFile[] = [];
  const add = async (name: string, whole: boolean) => {
    const handle = await open(join(dataDir, name), 'r');
    handles.push(handle);
    const { size } = await handle.stat();
    files.push({ name, handle, size: whole ? size : await wholeLines(handle, size) });
  };
  for (const { file } of manifest.segments) await add(`journal/${file}`, true);
  if (manifest.active !== null) await add(`journal/${manifest.active}`, false);
  for (const { file } of manifest.snapshots) await add(`snapshots/${file}`, true);
  return files;
}

/** Fails when a month has gone since it was found: then all is looked at once more. */
async function monthsHeld(dataDir: string, files: readonly DataFile[], handles: FileHandle[]): Promise<DataFile[]> {
  const held: DataFile[] = [];
  for (const file of files) {
    if (HALF.test(file.name)) continue;
    const handle = MONTH.test(file.name) ? await open(join(dataDir, file.name), 'r') : undefined;
    if (handle) handles.push(handle);
    held.push({ ...file, ...(handle && { handle }) });
  }
  return held;
}

async function wholeLines(handle: FileHandle, size: number): Promise<number> {
  const from = Math.max(0, size - lineBytesMax);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
  return from + buffer.subarray(0, bytesRead).lastIndexOf(LF) + 1;
}

/** Files and what is in folders, as large as they are now; what is missing is left out. */
async function measured(dataDir: string, names: readonly string[]): Promise<DataFile[]> {
  const files: DataFile[] = [];
  for (const name of names) {
    const found = await stat(join(dataDir, name)).catch(() => null);
    if (found?.isDirectory() && !NOT.has(name)) {
      const inside = await readdir(join(dataDir, name), { withFileTypes: true });
      // A linked folder may lead anywhere, also back here.
      const real = inside.filter((one) => one.isFile() || one.isDirectory() || one.isSymbolicLink());
      const linked = new Set(
        await linkedFolders(
          dataDir,
          name,
          real.filter((one) => one.isSymbolicLink()),
        ),
      );
      const paths = real.map((one) => `${name}/${one.name}`).filter((path) => !linked.has(path));
      files.push(...(await measured(dataDir, paths.sort())));
    } else if (found?.isFile()) files.push({ name, size: found.size });
  }
  return files;
}

async function linkedFolders(dataDir: string, folder: string, links: readonly { readonly name: string }[]) {
  const paths = links.map(({ name }) => `${folder}/${name}`);
  const found = await Promise.all(paths.map((path) => stat(join(dataDir, path)).catch(() => null)));
  return paths.filter((_, index) => !found[index]?.isFile());
}

/** @param missing told what was taken away before its turn came */
export async function* tarFiles(
  dataDir: string,
  { files, about, manifest }: DataCopy,
  missing: (name: string) => void,
): AsyncGenerator<TarEntry> {
  for (const file of [about, ...files, manifest]) {
    const handle = file.handle ?? (file.content ? null : await open(join(dataDir, file.name), 'r').catch(() => null));
    if (!handle && !file.content) {
      missing(file.name);
      continue;
    }
    try {
      const stats = await handle?.stat();
      // A file that only grows is taken as it was measured, any other as it is now.
      const size = Math.min(file.size, stats?.size ?? file.size);
      const body = handle ? bytesOf(handle, size) : [file.content as Buffer];
      yield {
        name: file.name,
        size,
        mode: (stats?.mode ?? 0o600) & 0o777,
        mtimeMs: stats?.mtimeMs ?? Date.now(),
        body,
      };
    } finally {
      if (!file.handle) await handle?.close();
    }
  }
}
