/** What could not be read, so that an attempt fails with the first of them by name: a backup has no silent gaps. */
import { Permanent } from '../define.ts';

const namedMax = 5;
/** Trying again does not help against these. Whatever else a file system says may be over by then. */
const CODES = ['EACCES', 'EPERM', 'EIO', 'ENAMETOOLONG', 'EUCLEAN', 'EBADMSG'];
const GONE = ['ENOENT', 'ENOTDIR'];
/** What stands for bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd';

export class Unreadable {
  #count = 0;
  readonly #first: string[] = [];

  add(path: string, why: string): void {
    this.#count++;
    if (this.#first.length < namedMax) this.#first.push(`${path} (${why})`);
  }

  /**
   * Judges what the file system said of a path.
   * @returns true when it is gone, false when it was added here
   * @throws the error when it may be over by the next attempt
   */
  isGone(path: string, error: unknown): boolean {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (GONE.includes(code) && !path.includes(REPLACEMENT)) return true;
    if (GONE.includes(code)) this.add(path, 'its name is not UTF-8');
    else if (CODES.includes(code)) this.add(path, code);
    else throw error;
    return false;
  }

  /** @throws Permanent `unreadable` */
  throwAny(): void {
    if (this.#count === 0) return;
    const more = this.#count - this.#first.length;
    const which = `${this.#first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
    const message = `cannot read ${which}: no archive was made; give the supervisor's user the right to, or exclude them`;
    throw new Permanent(message, { code: 'unreadable' });
  }
}
