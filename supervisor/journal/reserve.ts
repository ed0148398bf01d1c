/**
 * `reserve.bin`: ballast that is given up when the disk is full, so that what was already decided can still be written,
 * and the watch on free space that refuses new work before it comes to that.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Disk, DiskSpace } from './disk.ts';
import { isFull, writeAll } from './disk.ts';

const RESERVE = 'reserve.bin';
export const reserveBytesMax = 8 * 1024 * 1024;
/** New work is refused below this much free space, and taken again from half as much more. */
export const freeBytesMin = 16 * 1024 * 1024;
/** On a small disk both shrink to these shares of it. */
const reserveShare = 1 / 32;
const freeShare = 1 / 16;
const comfort = 1.5;
const blockBytes = 256 * 1024;

export interface SpaceState extends DiskSpace {
  /** Too little to take on new work. */
  readonly low: boolean;
}

export class Reserve {
  readonly #disk: Disk;
  readonly #dir: string;
  #held = false;
  #low = false;

  constructor(disk: Disk, dir: string) {
    this.#disk = disk;
    this.#dir = dir;
    this.#held = disk.list(dir).includes(RESERVE);
  }

  /** As of the last look, or since the ballast had to go. */
  get low(): boolean {
    return this.#low;
  }

  /** Says how it stands, and changes nothing. */
  report(): SpaceState {
    return { ...this.#disk.space(this.#dir), low: this.#low };
  }

  /** Gives the ballast up; what comes next has room, or the disk is full beyond help. */
  release(): void {
    this.#low = true;
    if (!this.#held) return;
    this.#disk.remove(join(this.#dir, RESERVE));
    this.#held = false;
  }

  /** Looks at free space and takes the ballast back when there is room for it again. */
  look(): SpaceState {
    let space = this.#disk.space(this.#dir);
    const wanted = Math.min(reserveBytesMax, Math.floor(space.totalBytes * reserveShare));
    const least = Math.min(freeBytesMin, Math.floor(space.totalBytes * freeShare));
    if (!this.#held && space.freeBytes >= least * comfort + wanted) {
      this.#take(wanted);
      space = this.#disk.space(this.#dir);
    }
    if (space.freeBytes < least) this.#low = true;
    else if (this.#held && space.freeBytes >= least * comfort) this.#low = false;
    return { ...space, low: this.#low };
  }

  #take(bytes: number): void {
    const path = join(this.#dir, RESERVE);
    // Not zeros: a file system that compresses would keep no room for them.
    const block = randomBytes(Math.min(blockBytes, bytes));
    let fd = -1;
    try {
      fd = this.#disk.open(path, 'create');
      for (let left = bytes; left > 0; left -= block.length)
        writeAll(this.#disk, fd, block.subarray(0, Math.min(left, block.length)));
      this.#held = true;
    } catch (error) {
      if (!isFull(error)) throw error;
    } finally {
      if (fd !== -1) this.#disk.close(fd);
    }
    if (!this.#held && fd !== -1) this.#disk.remove(path);
  }
}
