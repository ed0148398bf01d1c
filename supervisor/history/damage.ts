/** How damage in a month is named: where it is and what it is, and nothing more is made of it. */
import type { Month } from './month.ts';
import type { RunSummary } from './run-format.ts';
import type { Found } from './scan.ts';
import type { Tail } from './source.ts';

/** A stretch of a file that is not what was written there. */
export interface Damage {
  /** As it stands in `history/`. */
  readonly file: string;
  /** In an archive, where it stood before it was packed. */
  readonly offset: number;
  readonly bytes: number;
  readonly what: string;
}

/** Names damaged lines as one stretch and leaves them out of the index. */
export function isolate(
  { damage }: { readonly damage: (damage: Damage) => void },
  month: Month,
  tail: Tail,
  bad: readonly Found[],
): void {
  const [first, last] = [bad[0] as Found, bad.at(-1) as Found];
  const end = last.offset + last.bytes;
  tail.skip(bad.length, end);
  damage({ file: month.file, offset: first.offset, bytes: end - first.offset, what: unreadable(bad.length) });
}

/** What an index knows of damage since it was made. */
export function knownDamage(file: string, { from, to, damagedLines }: RunSummary): Damage {
  return { file, offset: from, bytes: to - from, what: `${unreadable(damagedLines)} in this stretch` };
}

function unreadable(lines: number): string {
  return lines === 1 ? '1 unreadable line' : `${lines} unreadable lines`;
}
