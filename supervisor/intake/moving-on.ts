/**
 * The last stretch of a file's way: from `.taking/` to `accepted/DAY/`, or to `rejected/` beside the list of its
 * mistakes. Everything is on disk before the supervisor is told that it may forget the file.
 */
import { join } from 'node:path';
import { eachBounded } from './bounded.ts';
import type { PlacedMistake } from './document.ts';
import { codeOf, type InboxFiles } from './files.ts';
import type { InboxFolders } from './folders.ts';
import { heldFilesMax, settleFilesMax, syncsMax } from './intake-limits.ts';
import { dayOf, numbered } from './names.ts';
import type { Taken } from './taken-file.ts';

export interface Rejection {
  readonly mistakes: readonly PlacedMistake[];
  readonly more: number;
}

export interface Leaving {
  readonly taken: Taken;
  /** Null when it was accepted. */
  readonly rejection: Rejection | null;
  /** Signature of an accepted file as it was read; left out when this is the next life. */
  readonly readAs?: string;
}

export interface Moved extends Leaving {
  /** Null when it was not there any more. */
  readonly target: string | null;
}

export interface MovingOnOptions {
  readonly folders: InboxFolders;
  readonly files: InboxFiles;
  readonly wall: () => number;
  readonly step: (name: string) => void;
  /** On disk. */
  readonly moved: (moved: readonly Moved[]) => void;
  readonly stuck: (leaving: Leaving, error: unknown) => void;
}

export class MovingOn {
  readonly #options: MovingOnOptions;
  readonly #queue: Leaving[] = [];
  /** Targets that a move under way is about to take. */
  readonly #reserved = new Set<string>();
  #working: Promise<void> | null = null;
  #held = false;

  constructor(options: MovingOnOptions) {
    this.#options = options;
  }

  add(leaving: Leaving): void {
    this.#queue.push(leaving);
    if (!this.#held || this.#queue.length > heldFilesMax) this.#begin();
  }

  /** Tasks becoming durable comes first: what is added now waits. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    if (this.#queue.length > 0) this.#begin();
  }

  #begin(): void {
    this.#working ??= this.#work();
  }

  /** Until nothing is left to move. */
  async idle(): Promise<void> {
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) await this.#batch(this.#queue.splice(0, settleFilesMax));
    this.#working = null;
  }

  async #batch(batch: readonly Leaving[]): Promise<void> {
    const { files, folders, step } = this.#options;
    const day = join(folders.accepted, dayOf(this.#options.wall()));
    const moved: Moved[] = [];
    const changed = new Set<string>();
    const tryOne = async (leaving: Leaving): Promise<void> => {
      const target = leaving.rejection ? folders.rejected : day;
      try {
        moved.push({ ...leaving, target: await this.#move(leaving, target) });
        changed.add(target);
      } catch (error) {
        if (codeOf(error) === 'ENOENT' && (await files.status(leaving.taken.path)) === null)
          moved.push({ ...leaving, target: null });
        else this.#options.stuck(leaving, error);
      }
    };
    await this.#makeDay(batch, day);
    await eachBounded(batch, syncsMax, tryOne);
    try {
      for (const folder of changed) await files.syncFolder(folder);
      await files.syncFolder(folders.taking);
    } catch (error) {
      for (const leaving of moved) this.#options.stuck(leaving, error);
      return;
    }
    step('moves synced');
    this.#options.moved(moved);
    step('settled');
  }

  async #makeDay(batch: readonly Leaving[], day: string): Promise<void> {
    const { files, folders } = this.#options;
    if (batch.every(({ rejection }) => rejection) || (await files.status(day)) !== null) return;
    try {
      await files.makeFolder(day);
      await files.syncFolder(folders.accepted);
    } catch {
      // Each move into it fails as well, and says why.
    }
  }

  async #move({ taken, rejection }: Leaving, folder: string): Promise<string> {
    const { files, step } = this.#options;
    // What was accepted is a file; what was rejected may be anything.
    if (!rejection || (await files.status(taken.path))?.kind === 'file') await this.#syncFile(taken.path);
    const target = await this.#freePath(taken, folder, rejection !== null);
    try {
      if (rejection) {
        await files.write(`${target}.error.json`, errorText(taken, rejection, this.#options.wall()));
        await files.syncFolder(folder);
        step('mistakes written');
      }
      await files.move(taken.path, target);
      step('moved');
      return target;
    } finally {
      this.#reserved.delete(target);
    }
  }

  /** One that may not be opened cannot be synced either; it is none of our writing. */
  async #syncFile(path: string): Promise<void> {
    try {
      await this.#options.files.syncFile(path);
    } catch (error) {
      if (codeOf(error) !== 'EACCES' && codeOf(error) !== 'EPERM') throw error;
    }
  }

  async #freePath(taken: Taken, folder: string, withMistakes: boolean): Promise<string> {
    for (let number = 1; ; number++) {
      const path = join(folder, numbered(taken.name, number));
      if (this.#reserved.has(path)) continue;
      this.#reserved.add(path);
      if (await this.#isFree(path, taken.id, withMistakes)) return path;
      this.#reserved.delete(path);
    }
  }

  async #isFree(path: string, id: string, withMistakes: boolean): Promise<boolean> {
    const { files } = this.#options;
    if ((await files.status(path)) !== null) return false;
    const mistakes = `${path}.error.json`;
    if (!withMistakes || (await files.status(mistakes)) === null) return true;
    // Ours, when it was written just before a crash and only the file did not follow.
    return (await files.readText(mistakes).catch(() => '')).includes(`"id": "${id}"`);
  }
}

function errorText({ id, name }: Taken, { mistakes, more }: Rejection, wall: number): string {
  const error = { file: name, at: new Date(wall).toISOString(), id, mistakes, ...(more > 0 && { more }) };
  return `${JSON.stringify(error, null, 2)}\n`;
}
