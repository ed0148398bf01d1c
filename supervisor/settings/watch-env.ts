/**
 * Notices that the env file is another one, whatever way it changed: written in place, replaced, made again, or its
 * folder replaced. Events are hints and come at once; a look at the file's stamp every few seconds is the truth, as a
 * folder that was made again gives no events.
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from '../clock.ts';
import { Looks } from '../looks.ts';

const lookEveryMs = 2_000;
/** A file that is written piece by piece is read once it has been still for so long. */
const settleMs = 100;

export class EnvWatch {
  readonly #path: string;
  readonly #changed: () => Promise<void>;
  readonly #looks: Looks;
  #watcher: FSWatcher | null = null;
  #stamp = '';
  /** Of the look before, when that saw a change: seen twice, the file is still. */
  #seen = '';

  /** @param changed called when the file has changed and is still; not again before it has answered */
  constructor(path: string, clock: Clock, changed: () => Promise<void>) {
    this.#path = path;
    this.#changed = changed;
    this.#looks = new Looks(clock, settleMs, () => this.#look());
  }

  /** Takes the file for changed at first: it may have been since somebody read it. */
  begin(): void {
    const folder = dirname(this.#path);
    const watcher = watch(folder, { depth: 0, ignoreInitial: true, ignored: (path) => path !== folder });
    this.#watcher = watcher;
    watcher.on('raw', () => this.#looks.stir());
    // Watches may run out; the look every few seconds stays.
    watcher.on('error', () => {});
    this.#looks.begin();
  }

  async end(): Promise<void> {
    const ended = this.#looks.end();
    await this.#watcher?.close();
    await ended;
  }

  async #look(): Promise<number> {
    const stamp = await stampOf(this.#path);
    const still = stamp === this.#seen;
    this.#seen = stamp;
    if (stamp === this.#stamp) return lookEveryMs;
    if (!still) return settleMs;
    this.#stamp = stamp;
    await this.#changed();
    return 0;
  }
}

/** Changes with every change of the file; empty while there is none. */
async function stampOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => null);
  return stats ? `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}` : '';
}
