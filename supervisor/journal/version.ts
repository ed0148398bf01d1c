/** The format on disk: what is written, and which older or newer one can be read. Anything else is refused, never skipped. */
import { Damage } from './damage.ts';

export const formatVersion = 1;
/** Oldest reader that understands what this version writes. */
export const oldestReader = 1;

/** Throws for a header of a format this program does not know; `file` is named in the message. */
export function checkVersion(head: { v?: unknown; min?: unknown }, file: string): void {
  if (!Number.isInteger(head.v) || !Number.isInteger(head.min))
    throw new Damage(file, 0, 'its header names no format version');
  if ((head.min as number) <= formatVersion) return;
  throw new Damage(file, 0, `it is of format ${head.v}, which this version (format ${formatVersion}) cannot read`, {
    action: 'start the newer Nightshift that wrote it; the files are untouched',
  });
}
