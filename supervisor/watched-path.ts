/**
 * A folder or a file that is looked at anew whenever it may be another: events of the file system come at once and are
 * hints, a look every few seconds is the truth, as what was made again gives none.
 */
import { lstat } from 'node:fs/promises';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from './clock.ts';
import { Looks } from './looks.ts';

const settleMs = 50;
const lookEveryMs = 2_000;

export class WatchedPath {
  readonly #folder: string;
  readonly #looks: Looks;
  #watcher: FSWatcher | null = null;

  /** @param folder what happens right in it stirs @param look answers false where it wants to look again soon */
  constructor(folder: string, clock: Clock, look: () => Promise<boolean>) {
    this.#folder = folder;
    this.#looks = new Looks(clock, settleMs, async () => ((await look()) ? lookEveryMs : settleMs));
  }

  begin(): void {
    this.#watcher = watch(this.#folder, { depth: 0, ignoreInitial: true, followSymlinks: false });
    this.#watcher.on('all', () => this.#looks.stir());
    // Watches may run out; the look every few seconds stays.
    this.#watcher.on('error', () => {});
    this.#looks.begin();
  }

  async end(): Promise<void> {
    const ended = this.#looks.end();
    await this.#watcher?.close();
    await ended;
  }
}

/** Another one with every change of what lies there. */
export async function stampOf(path: string): Promise<string> {
  const stats = await lstat(path, { bigint: true }).catch(() => null);
  return stats ? `${path} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}` : path;
}
