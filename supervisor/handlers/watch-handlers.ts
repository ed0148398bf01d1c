/**
 * Notices that a handler, or a file that one imports, is another one. Events are hints and come at once; a look at the
 * stamps of all files every few seconds is the truth, as a folder that was made again gives no events.
 */
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from '../clock.ts';

const lookEveryMs = 2_000;
/** After a look at them that came to nothing, e.g. because no process could be started. */
const againMs = 10_000;
/** Files that are written piece by piece are tried once they have been still for so long. */
const settleMs = 200;
/** By its name, or because it may be executed; data that lies beside handlers changes without any of them changing. */
const CODE = /\.[mc]?[jt]s$/;

export class HandlersWatch {
  readonly #folder: string;
  readonly #clock: Clock;
  /** @returns files of the folder that handlers import; null when they could not be looked at */
  readonly #changed: () => Promise<readonly string[] | null>;
  #imports: readonly string[] = [];
  /** Folders whose events are asked for. */
  readonly #folders = new Set<string>();
  #watcher: FSWatcher | null = null;
  /** Null before the first look. */
  #stamp: string | null = null;
  #cancel: (() => void) | null = null;
  #looking: Promise<void> | null = null;
  #stirred = false;
  #ended = false;

  /** @param changed called when something has changed and is still; not again before it has answered */
  constructor(folder: string, clock: Clock, changed: () => Promise<readonly string[] | null>) {
    this.#folder = folder;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** Takes the folder for changed at first: it may have been since somebody looked at it. */
  begin(): void {
    this.#folders.add(this.#folder);
    const watcher = watch(this.#folder, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path) => !this.#folders.has(path),
    });
    this.#watcher = watcher;
    watcher.on('raw', () => this.#stir());
    // Watches may run out; the look every few seconds stays.
    watcher.on('error', () => {});
    this.#wait(settleMs);
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#cancel?.();
    await this.#watcher?.close();
    await this.#looking;
  }

  #stir(): void {
    this.#stirred = true;
    if (!this.#looking) this.#wait(settleMs);
  }

  #wait(ms: number, seen: string | null = null): void {
    this.#cancel?.();
    if (this.#ended) return;
    this.#cancel = this.#clock.after(ms, () => {
      this.#stirred = false;
      this.#looking = this.#look(seen).then(({ ms, seen }) => {
        this.#looking = null;
        this.#wait(this.#stirred ? settleMs : ms, seen);
      });
    });
  }

  /**
   * @param seen the stamp of the look before, when that saw a change
   * @returns when to look again, and what has been seen
   */
  async #look(seen: string | null): Promise<{ ms: number; seen: string | null }> {
    const stamp = await this.#stampNow();
    if (stamp === this.#stamp) return { ms: lookEveryMs, seen: null };
    if (stamp !== seen) return { ms: settleMs, seen: stamp };
    const before = this.#imports;
    const imports = await this.#changed();
    if (!imports) return { ms: againMs, seen: null };
    this.#watchImports(imports);
    // What was not watched so far may have changed meanwhile.
    if (this.#imports.some((path) => !before.includes(path))) return { ms: settleMs, seen: null };
    this.#stamp = stamp;
    return { ms: 0, seen: null };
  }

  #watchImports(imports: readonly string[]): void {
    this.#imports = imports;
    for (const folder of new Set(imports.map((path) => dirname(path)))) {
      if (this.#folders.has(folder)) continue;
      this.#folders.add(folder);
      this.#watcher?.add(folder);
    }
  }

  /** Changes with every change of a file that could be a handler or is imported by one. */
  async #stampNow(): Promise<string> {
    const names = (await readdir(this.#folder).catch(() => [])).sort();
    const paths = [...names.map((name) => join(this.#folder, name)), ...this.#imports];
    const stamps = await Promise.all(paths.map((path, index) => stampOf(path, index < names.length)));
    return stamps.join('');
  }
}

async function stampOf(path: string, top: boolean): Promise<string> {
  const stats = await lstat(path, { bigint: true }).catch(() => null);
  if (!stats) return top ? '' : `${path}\n`;
  // A package that was missing may have come.
  const counts = !top || CODE.test(path) || path.endsWith('/node_modules') || path.endsWith('/package.json');
  if (!counts && (stats.isDirectory() || (stats.mode & 0o111n) === 0n)) return '';
  return `${path} ${stats.dev} ${stats.ino} ${stats.mode} ${stats.uid} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}\n`;
}
