/**
 * News that something in the inbox may have changed. Only a hint: a folder made anew gives none, and watches run out.
 * The files themselves are not watched, as ten thousand of them would take ten thousand of the system's watches; and
 * since chokidar lists the folder at each news, the watch is off while thousands arrive.
 */
import { type FSWatcher, watch } from 'chokidar';

export interface Hints {
  /** Something may have changed. */
  readonly stir: () => void;
  /** There will be no more news. */
  readonly blind: (reason: string) => void;
}

export interface FolderWatch {
  readonly on: boolean;
  begin(): Promise<void>;
  end(): Promise<void>;
}
export type MakeWatch = (folder: string, hints: Hints) => FolderWatch;

export class Watch implements FolderWatch {
  readonly #folder: string;
  readonly #hints: Hints;
  #watcher: FSWatcher | null = null;

  constructor(folder: string, hints: Hints) {
    this.#folder = folder;
    this.#hints = hints;
  }

  get on(): boolean {
    return this.#watcher !== null;
  }

  /** Begins, or begins anew for a folder that has been made again. */
  async begin(): Promise<void> {
    await this.end();
    const watcher = watch(this.#folder, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path) => path !== this.#folder,
    });
    this.#watcher = watcher;
    watcher.on('raw', () => this.#hints.stir());
    watcher.on('unlinkDir', () => this.#hints.stir());
    watcher.on('error', (error) => this.#hints.blind(error instanceof Error ? error.message : String(error)));
  }

  async end(): Promise<void> {
    const watcher = this.#watcher;
    this.#watcher = null;
    await watcher?.close();
  }
}
