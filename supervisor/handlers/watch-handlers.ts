/**
 * Notices that a handler, or a file that one imports, is another one. Events are hints and come at once; a look at the
 * stamps of all files every few seconds is the truth, as a folder that was made again gives no events.
 */
import { lstat, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Clock } from '../clock.ts';
import { type Looked, Looks } from '../looks.ts';

const lookEveryMs = 2_000;
/** After a look at them that came to nothing, e.g. because no process could be started. */
const againMs = 10_000;
/** Files that are written piece by piece are tried once they have been still for so long. */
const settleMs = 200;
/** By its name, or because it may be executed; data that lies beside handlers changes without any of them changing. */
const CODE = /\.[mc]?[jt]s$/;

export class HandlersWatch {
  readonly #folder: string;
  /** @returns files of the folder that handlers import; null when they could not be looked at */
  readonly #changed: () => Promise<readonly string[] | null>;
  #imports: readonly string[] = [];
  /** Folders whose events are asked for. */
  readonly #folders = new Set<string>();
  readonly #looks: Looks;
  #watcher: FSWatcher | null = null;
  /** Null before the first look. */
  #stamp: string | null = null;

  /** @param changed called when something has changed and is still; not again before it has answered */
  constructor(folder: string, clock: Clock, changed: () => Promise<readonly string[] | null>) {
    this.#folder = folder;
    this.#changed = changed;
    this.#looks = new Looks(clock, settleMs, (seen) => this.#look(seen));
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

  /**
   * @param seen the stamp of the look before, when that saw a change
   * @returns when to look again, and what has been seen
   */
  async #look(seen: string | null): Promise<Looked> {
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
