/**
 * Which files of the handlers folder a handler imports, and what those import. Read from the text, as nothing of it may
 * run before it has been copied. A path that is put together at run time is not seen: such a file is used as it lies there.
 */
import { dirname, join, relative, resolve, sep } from 'node:path';
import { handlerImportsMax } from './limits.ts';
import { readTrusted } from './registry.ts';

export interface Reach {
  /** Content by path within the folder, the handler's own first. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What it imports from outside of the folder, as it says it. */
  readonly outside: readonly string[];
}

/** `import … from './a.mjs'`, `export … from`, `import('./a.mjs')`, `require('./a')`. */
const IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"`])(\.{1,2}\/[^'"`\n]+)\1/g;
const CODE = /\.(?:[mc]?[jt]s|json)$/;
/** How `require` completes a name, after the name itself. */
const ENDINGS = ['', '.js', '.json', '/index.js'];

/**
 * @param name of the handler's file in the folder
 * @param imports absolute paths where an imported file lies, or would lie; added to as they are found
 * @throws when it, or a file it imports, could have been written by others
 */
export async function reachOf(folder: string, name: string, imports: Set<string>): Promise<Reach> {
  const files = new Map<string, Buffer>([[name, await readTrusted(join(folder, name))]]);
  const outside: string[] = [];
  for (const [path, content] of files) {
    if (path.endsWith('.json')) continue;
    for (const specifier of specifiersIn(content)) {
      const target = resolve(folder, dirname(path), specifier);
      const within = relative(folder, target);
      if (within.startsWith('..')) outside.push(specifier);
      if (within.startsWith('..') || within.split(sep).includes('node_modules')) continue;
      imports.add(target);
      const found = await firstOf(folder, within, files);
      if (!found) continue;
      imports.add(join(folder, found.path));
      files.set(found.path, found.content);
      if (files.size > handlerImportsMax) throw new Error(`imports more than ${handlerImportsMax} files of its folder`);
    }
  }
  return { files, outside };
}

function specifiersIn(content: Buffer): Set<string> {
  const found = [...content.toString('utf8').matchAll(IMPORT)].map(([, , specifier]) => specifier as string);
  return new Set(found.map((specifier) => specifier.replace(/[?#].*$/, '')));
}

async function firstOf(folder: string, within: string, known: ReadonlyMap<string, Buffer>) {
  for (const ending of ENDINGS) {
    const path = within + ending;
    if (known.has(path)) return null;
    if (!CODE.test(path)) continue;
    const content = await readImport(folder, path);
    if (content) return { path, content };
  }
  return null;
}

async function readImport(folder: string, path: string): Promise<Buffer | null> {
  try {
    return await readTrusted(join(folder, path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Missing, a folder, or a link, which is followed as it is: Node says more about those when it comes to them.
    if (code !== undefined) return null;
    throw new Error(`imports ${path}, which ${message}`);
  }
}
