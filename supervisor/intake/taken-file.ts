/** Reads one taken file: what it is, whose it is, that nobody writes it meanwhile, and the tasks in it. */
import type { Clock } from '../clock.ts';
import { codeOf, type FileStatus, type InboxFiles, type ReadFile } from './files.ts';
import { inlineBytesMax, inlineYamlBytesMax } from './intake-limits.ts';
import type { ParseApart } from './parse-apart.ts';
import { bytesMaxOf, type Format, formatOf, readTaskFile, type TaskFile, tooLong, wrong } from './task-file.ts';

export interface Taken {
  readonly id: string;
  /** As it was dropped, shortened when it was very long. */
  readonly name: string;
  /** In `.taking/`. */
  readonly path: string;
}

export interface Reading {
  readonly files: InboxFiles;
  readonly apart: ParseApart;
  readonly clock: Clock;
  readonly settleMs: number;
  readonly owners: ReadonlySet<number>;
  readonly stopped: () => boolean;
}

export interface TakenFile {
  readonly file: TaskFile;
  /** As it was read; empty when it could not be. */
  readonly signature: string;
}

/** @returns null when the file is gone. @throws what the file system says, when trying again may help. */
export async function readTaken(taken: Taken, reading: Reading): Promise<TakenFile | null> {
  const format = formatOf(taken.name);
  try {
    const { status, bytes } = await readStill(taken.path, format, reading);
    const { signature } = status;
    const refused = refusedFor(status, format, reading.owners);
    if (refused !== null) return { file: refused, signature };
    if (format === null || bytes === null) return null;
    const large = isLarge(bytes.length, format);
    return { file: large ? await reading.apart.read(bytes, format) : readTaskFile(bytes, format), signature };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM')
      return {
        file: wrong('forbidden', `cannot be read by the supervisor's user (${code}): its permissions forbid it`),
        signature: '',
      };
    if (code === 'ENOENT') return null;
    throw error;
  }
}

export function isLarge(bytes: number, format: Format | null): boolean {
  return bytes > (format === 'yaml' ? inlineYamlBytesMax : inlineBytesMax);
}

/** Whoever had the file open before it was taken may still be writing it: read again until nothing changes. */
async function readStill(
  path: string,
  format: Format | null,
  { files, clock, settleMs, stopped }: Reading,
): Promise<ReadFile> {
  for (;;) {
    const small = files.readSmall(path, inlineBytesMax);
    const isLong = small.status.kind === 'file' && small.bytes === null && format !== null;
    const read = isLong ? await files.read(path, bytesMaxOf(format)) : small;
    if (read.still) return read;
    if (stopped()) throw new Error('it was still being written at the stop');
    await new Promise<void>((resolve) => void clock.after(settleMs, resolve));
  }
}

function refusedFor(status: FileStatus, format: Format | null, owners: ReadonlySet<number>): TaskFile | null {
  if (format === null)
    return wrong('wrong_kind', 'is no task file: its name must end in .json, .ndjson, .yaml or .yml');
  if (status.kind !== 'file') return wrong('wrong_kind', `is a ${status.kind}, not a file`);
  if (!owners.has(status.uid))
    return wrong('forbidden', `belongs to user ${status.uid}, whose files are not taken: see INBOX_OWNERS`);
  return status.bytes > bytesMaxOf(format) ? wrong('too_large', tooLong(status.bytes, format)) : null;
}
