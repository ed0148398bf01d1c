/** Files that the catalog knows of and the disk has lost, as people delete some by hand. */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Track, TrackFile } from '../library-contract.ts';
import type { Places } from './local-files.ts';
import { portions } from './portions.ts';

/** Files looked for at the same time. */
const looksAtOnce = 32;
/** So few may be all that a playlist has had, and still be fetched again. */
const fewFiles = 3;

/** Tells the tracks of a playlist that have lost their file from the others. */
export class LostFiles {
  readonly #root: string | null;
  readonly #lost: Track[] = [];
  #there = 0;

  /** @param root of the library; null: nothing is looked for */
  private constructor(root: string | null) {
    this.#root = root;
  }

  /** In an empty library nothing is lost: it is the place where its disk is mounted. */
  static async in({ dataDir, libraryDir }: Places): Promise<LostFiles> {
    try {
      const root = await realpath(resolve(dataDir, libraryDir));
      return new LostFiles((await readdir(root)).length === 0 ? null : root);
    } catch {
      return new LostFiles(null);
    }
  }

  /** Passes on, in order, all but those that have lost theirs. @param mayLose whether it is worth a look */
  async *others(tracks: AsyncIterable<Track>, mayLose: (track: Track) => boolean): AsyncGenerator<Track> {
    for await (const some of portions(tracks, looksAtOnce)) {
      const lost = await Promise.all(some.map((track) => mayLose(track) && this.#isLost(track.file)));
      for (const [place, track] of some.entries()) {
        if (lost[place] === true) this.#lost.push(track);
        else yield track;
      }
    }
  }

  get count(): number {
    return this.#lost.length;
  }

  /** Where most are missing, the disk is missing rather than they are. */
  get areTooMany(): boolean {
    return this.#lost.length > fewFiles && this.#lost.length > this.#there;
  }

  get tracks(): readonly Track[] {
    return this.#lost;
  }

  /** What cannot be looked at, say on a share that hangs, is not lost. */
  async #isLost(file: TrackFile | null): Promise<boolean> {
    if (file === null || this.#root === null) return false;
    try {
      await lstat(join(this.#root, file.path));
    } catch (error) {
      return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
    }
    this.#there++;
    return false;
  }
}
