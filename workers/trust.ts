/** Whose files are run: those that nobody but the supervisor's user or root can have written. */
import type { Stats } from 'node:fs';

/** @throws Error that says what to mend */
export function refuseUntrusted(stats: Stats): void {
  const user = process.getuid?.() ?? stats.uid;
  if (stats.uid !== user && stats.uid !== 0) {
    throw new Error(`belongs to user id ${stats.uid}; it must belong to the supervisor's user (${user}) or to root`);
  }
  if ((stats.mode & 0o022) !== 0) {
    throw new Error(
      `can be written by others (mode ${(stats.mode & 0o777).toString(8)}); take that away with: chmod go-w`,
    );
  }
}
