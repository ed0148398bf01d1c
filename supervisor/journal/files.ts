/** Files of the journal by ordinal: a number that fits a million places in memory, valid for one life of the supervisor. */
export class JournalFiles {
  readonly #paths: string[] = [];

  add(path: string): number {
    return this.#paths.push(path) - 1;
  }

  path(ordinal: number): string {
    const path = this.#paths[ordinal];
    if (path === undefined) throw new RangeError(`the journal has no file ${ordinal}`);
    return path;
  }

  /** A file went to the trash: places in it are good as long as it is there. @returns its ordinal, or -1 */
  moved(from: string, to: string): number {
    const ordinal = this.#paths.lastIndexOf(from);
    if (ordinal !== -1) this.#paths[ordinal] = to;
    return ordinal;
  }
}
