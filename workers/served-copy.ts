/**
 * The copy of a handler that is tried and that serves: its file and what it imports of the handlers folder, in a folder
 * named by its version. What lies in the handlers folder may change at any moment, also while a thread is about to load
 * it, and threads that begin later must find what was tried. Everything else of the folder is reached by links.
 */
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { handlerLinksMax } from './limits.ts';
import { versionOf } from './load.ts';
import { type Reach, reachOf } from './reach.ts';
import { MODULE } from './registry.ts';

export interface ServedCopy extends Pick<Reach, 'outside'> {
  /** Path of the handler's file in it. */
  readonly path: string;
  readonly version: string;
}

export interface HandlerPlaces {
  readonly handlersDir: string;
  readonly servedDir: string;
}

/**
 * Makes the copy, unless it is there as it should be.
 * @param file absolute, in `handlersDir`
 * @param imports see `reachOf`
 */
export async function serveCopy(
  file: string,
  { handlersDir, servedDir }: HandlerPlaces,
  imports: Set<string>,
): Promise<ServedCopy> {
  const name = basename(file);
  const { files, outside } = await reachOf(handlersDir, name, imports);
  const version = versionOfAll(files);
  const folder = join(servedDir, `${name}@${version}`);
  if (await holds(folder, files)) await link(handlersDir, folder, files);
  else await make(folder, handlersDir, files);
  return { path: join(folder, name), version, outside };
}

/** Of the file itself as long as it imports nothing of its folder. */
function versionOfAll(files: ReadonlyMap<string, Buffer>): string {
  const [own, ...imported] = files;
  if (imported.length === 0) return versionOf((own as [string, Buffer])[1]);
  const hash = createHash('sha256');
  for (const [path, content] of files) hash.update(`${path}\n${content.length}\n`).update(content);
  return hash.digest('hex').slice(0, 12);
}

/** A power cut may have left one that is not whole. */
async function holds(folder: string, files: ReadonlyMap<string, Buffer>): Promise<boolean> {
  for (const [path, content] of files) {
    const there = await readFile(join(folder, path)).catch(() => null);
    if (!there?.equals(content)) return false;
  }
  return true;
}

async function make(folder: string, handlersDir: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const beside = join(dirname(folder), `.new-${process.pid}`);
  await rm(beside, { recursive: true, force: true });
  for (const [path, content] of files) {
    await mkdir(dirname(join(beside, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(beside, path), content, { mode: 0o600, flush: true });
  }
  await link(handlersDir, beside, files);
  await rm(folder, { recursive: true, force: true });
  await rename(beside, folder);
}

/**
 * So that packages, data and what is imported by a name made at run time are found from the copy as well. What has come
 * since it was made is added: a package that was missing, for one.
 */
async function link(handlersDir: string, copy: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const folders = new Set(['']);
  for (const path of files.keys())
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) folders.add(parent);
  for (const path of folders) await linkOthers(join(handlersDir, path), join(copy, path), path === '');
  await linkFromAbove(handlersDir, copy);
}

async function linkOthers(from: string, to: string, top: boolean): Promise<void> {
  const there = new Set(await readdir(to));
  const names = (await readdir(from)).filter((name) => !there.has(name) && !(top && MODULE.test(name)));
  for (const name of names.slice(0, handlerLinksMax)) await symlink(join(from, name), join(to, name));
}

/** A handlers folder that is a link to somewhere else has its packages above the place it leads to. */
async function linkFromAbove(handlersDir: string, to: string): Promise<void> {
  const real = await realpath(handlersDir);
  if (real === handlersDir) return;
  for (const name of ['node_modules', 'package.json']) {
    const found = await nearest(dirname(real), name);
    if (found && !(await isThere(join(to, name)))) await symlink(found, join(to, name));
  }
}

async function nearest(folder: string, name: string): Promise<string | null> {
  for (let at = folder; ; at = dirname(at)) {
    if (await isThere(join(at, name))) return join(at, name);
    if (at === dirname(at)) return null;
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
