/**
 * The folder of the copies that serve, and the list of which do. The list outlives a start: a handler that was spoiled
 * before a power cut goes on serving after it in the version before.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { HandlerDescription } from '../../workers/contract.ts';
import { replaceFile } from '../settings/durable-file.ts';

const LIST = 'handlers.json';
const COPY = /@[0-9a-f]{12}$/;
const UNFINISHED = /^[.]new-\d+$/;

export class Served {
  readonly folder: string;
  readonly #handlersDir: string;

  constructor(folder: string, handlersDir: string) {
    this.folder = folder;
    this.#handlersDir = handlersDir;
  }

  /** Those that served last, as far as their copies are still there; programs, which have none, keep their types. */
  async last(): Promise<readonly HandlerDescription[]> {
    const handlers: HandlerDescription[] = [];
    for (const one of await this.#list()) {
      const name = basename(one.file);
      const file = join(this.#handlersDir, name);
      if (isProgram(one)) {
        if (file === one.file && (await isFile(file))) handlers.push(one);
        continue;
      }
      const path = join(this.folder, copyName(one), name);
      // The data folder may have moved.
      if (await isFile(path)) handlers.push({ ...one, file, url: pathToFileURL(path).href });
    }
    return handlers;
  }

  async note(handlers: readonly HandlerDescription[]): Promise<void> {
    const noted = handlers.filter((one) => this.#isCopy(one) || isProgram(one));
    await replaceFile(join(this.folder, LIST), `${JSON.stringify(noted, null, 2)}\n`);
  }

  /**
   * Removes copies that nothing needs any more.
   * @param inUse versions of attempts that are under way
   */
  async tidy(handlers: readonly HandlerDescription[], inUse: ReadonlySet<string>): Promise<void> {
    const serving = new Set(handlers.map(copyName));
    const spare = (await readdir(this.folder)).filter(
      (name) => UNFINISHED.test(name) || (COPY.test(name) && !serving.has(name) && !inUse.has(name.slice(-12))),
    );
    for (const name of spare) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  async #list(): Promise<readonly HandlerDescription[]> {
    try {
      const list: unknown = JSON.parse(await readFile(join(this.folder, LIST), 'utf8'));
      return Array.isArray(list) ? list : [];
    } catch {
      // None yet, or not as it was written: then only what is good now serves.
      return [];
    }
  }

  #isCopy({ builtIn, url }: HandlerDescription): boolean {
    return !builtIn && url.startsWith('file:') && fileURLToPath(url).startsWith(join(this.folder, '/'));
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/** What runs is the file itself; see `program-file.ts`. */
function isProgram({ builtIn, url }: HandlerDescription): boolean {
  return !builtIn && !url.startsWith('file:');
}

function copyName({ file, version }: HandlerDescription): string {
  return `${basename(file)}@${version}`;
}
