/**
 * Notices that a handler, or a file that one imports, is another one. Events are hints and come at once; a look at the
 * stamps of all files every few seconds is the truth, as a folder that was made again gives no events.
 */
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from '../clock.ts';
import { Looks } from '../looks.ts';

const lookEveryMs = 2_000;
/** After a look at them that came to nothing, e.g. because no process could be started. */
const againMs = 10_000;
/** An editor touches several files at once. */
const settleMs = 50;
/** Files that are written piece by piece only count once they have been still for so long; they are tried meanwhile. */
const stillMs = 200;
/** By its name, or because it may be executed; data that lies beside handlers changes without any of them changing. */
const CODE = /\.[mc]?[jt]s$/;

/**
 * Tries the files.
 * @param still whether they are still those that were to be tried
 * @returns files of the folder that handlers import; null when they could not be looked at
 */
export type TryFiles = (still: () => Promise<boolean>) => Promise<readonly string[] | null>;

export class HandlersWatch {
  readonly #folder: string;
  readonly #changed: TryFiles;
  #imports: readonly string[] = [];
  /** Folders whose events are asked for. */
  readonly #folders = new Set<string>();
  readonly #clock: Clock;
  readonly #looks: Looks;
  #watcher: FSWatcher | null = null;
  /** Null before the first look. */
  #stamp: string | null = null;

  /** @param changed called when something has changed; not again before it has answered */
  constructor(folder: string, clock: Clock, changed: TryFiles) {
    this.#folder = folder;
    this.#changed = changed;
    this.#clock = clock;
    this.#looks = new Looks(clock, settleMs, () => this.#look());
  }

  /** Tries the files once, before `begin`. */
  async first(): Promise<void> {
    await this.#look();
  }

  begin(): void {
    this.#folders.add(this.#folder);
    const watcher = watch(this.#folder, {
      depth: 0,
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (path) => !this.#folders.has(path),
    });
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
    const stamp = await this.#stampNow();
    if (stamp === this.#stamp) return lookEveryMs;
    const since = this.#clock.monotonic();
    let still = true;
    const before = this.#imports;
    const imports = await this.#changed(async () => {
      await this.#wait(since + stillMs - this.#clock.monotonic());
      still = (await this.#stampNow()) === stamp;
      return still;
    });
    if (!still) return stillMs;
    if (!imports) return againMs;
    this.#watchImports(imports);
    // What was not watched so far may have changed meanwhile.
    if (this.#imports.some((path) => !before.includes(path))) return stillMs;
    this.#stamp = stamp;
    return 0;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
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
