/** The files of sound and film below a folder of the library. Links are not followed; what is hidden is left alone. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What players play and tags are read of. */
const PLAYED =
  /\.(?:aac|aif|aiff|ape|avi|dsf|flac|m4a|m4b|m4v|mka|mkv|mov|mp2|mp3|mp4|mpc|oga|ogg|opus|wav|webm|wma|wv)$/i;

export interface DiskFile {
  /** Below the library, with `/`, as the disk has it. */
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Among those of its folder, by name, from 0. */
  readonly position: number;
}

export interface Unreadable {
  /** A folder or a file, below the library. */
  readonly path: string;
  readonly message: string;
}

/**
 * Folder by folder, in the order of names.
 * @param root the library, absolute
 * @param folder below it, or empty for all of it
 */
export async function* diskFiles(
  root: string,
  folder: string,
  unreadable: (what: Unreadable) => void,
): AsyncGenerator<DiskFile> {
  const waiting = [folder];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: Error) => {
      unreadable({ path: path as string, message: error.message });
      return [];
    });
    const shown = entries.filter(({ name }) => !name.startsWith('.'));
    const folders = shown.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    waiting.push(
      ...inOrder(folders)
        .reverse()
        .map((name) => below(path as string, name)),
    );
    const files = shown.filter((entry) => entry.isFile() && PLAYED.test(entry.name)).map(({ name }) => name);
    for (const [position, name] of inOrder(files).entries()) {
      const file = below(path, name);
      try {
        const { size, mtimeMs } = await lstat(join(root, file));
        yield { path: file, bytes: size, mtimeMs: Math.floor(mtimeMs), position };
      } catch (error) {
        unreadable({ path: file, message: (error as Error).message });
      }
    }
  }
}

function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

const BY_NAME = new Intl.Collator('en', { numeric: true });

function inOrder(names: readonly string[]): string[] {
  return [...names].sort((a, b) => BY_NAME.compare(a, b) || (a < b ? -1 : 1));
}
