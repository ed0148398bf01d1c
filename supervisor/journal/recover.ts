/**
 * From the files of a folder to the state they tell: newest snapshot that verifies, then every entry after it. Sealed
 * files are checked by their digest, which another thread computes while this one replays; if one does not match, all
 * that was replayed is void and the start stops. Nothing is written here.
 */
import { basename } from 'node:path';
import { Damage } from './damage.ts';
import type { Disk } from './disk.ts';
import type { JournalFiles } from './files.ts';
import { inspectSegment } from './inspect.ts';
import type { Replayer } from './journal.ts';
import { type Fed, feedSegment, feedSnapshot } from './replay.ts';
import { parseFileName } from './segment.ts';
import type { OpenSegment, OpenSnapshot, Survey } from './survey.ts';

/** sha256 of the first `bytes` bytes of an open file, or null when it is shorter. */
export type Digest = (fd: number, bytes: number) => Promise<string | null>;

export interface Replayed extends Fed {
  readonly snapshot: OpenSnapshot | null;
  readonly entities: number;
}

/** Replays everything but the unproven tail, which is replayed from where it is written again. */
export async function replayFolder(
  disk: Disk,
  survey: Survey,
  digest: Digest,
  files: JournalFiles,
  replayer: Replayer,
): Promise<Replayed> {
  const { snapshot, entities } = await feedNewestSnapshot(disk, survey, digest, files, replayer);
  const fed: Fed = { last: snapshot?.seq ?? 0, lastAt: survey.manifest.at, entries: 0 };
  const needed = survey.segments.filter((segment) => segment.last > fed.last);
  const first = needed[0]?.first ?? survey.last?.inspection.header?.first ?? null;
  if (first !== null && first > fed.last + 1) {
    const path = needed[0]?.path ?? survey.last?.path ?? '';
    throw new Damage(path, 0, 'entries before it are missing, and no snapshot has them', {
      from: fed.last + 1,
      to: first - 1,
    });
  }
  const checks = needed.map(async (segment) => ({ segment, sha256: await digest(segment.fd, segment.bytes) }));
  try {
    for (const segment of needed)
      feedSegment({ disk, ...segment, ordinal: files.add(segment.path) }, 0, segment.bytes, replayer, fed);
    if (survey.last) {
      const { last } = survey;
      feedSegment({ disk, ...last, ordinal: files.add(last.path) }, 0, last.judgment.proven.bytes, replayer, fed);
    }
  } catch (error) {
    // Damaged bytes may well confuse whoever decodes them: what the digests say comes first.
    await confirm(disk, checks);
    throw error;
  }
  await confirm(disk, checks);
  const reached = Math.max(fed.last, survey.last?.judgment.last ?? 0);
  if (snapshot && snapshot.to > reached) {
    throw new Damage(snapshot.path, 0, 'the snapshot knows entries that the journal has lost', {
      from: reached + 1,
      to: snapshot.to,
    });
  }
  return { ...fed, snapshot, entities };
}

/** It is handed over while its digest is computed; when that does not match, all it has told is void. */
async function feedNewestSnapshot(
  disk: Disk,
  survey: Survey,
  digest: Digest,
  files: JournalFiles,
  replayer: Replayer,
): Promise<{ readonly snapshot: OpenSnapshot | null; readonly entities: number }> {
  for (const snapshot of survey.snapshots) {
    const sha256 = digest(snapshot.fd, snapshot.bytes);
    const fed = attempt(() =>
      feedSnapshot({ disk, ...snapshot, ordinal: files.add(snapshot.path) }, snapshot.bytes, replayer),
    );
    if ((await sha256) === snapshot.sha256) return { snapshot, entities: fed() };
    replayer.startOver();
    survey.notes.push(`snapshot ${basename(snapshot.path)} is damaged: an older one and a longer replay are used`);
  }
  return { snapshot: null, entities: 0 };
}

/** Does it now; the answer gives what came of it, or throws what was thrown. */
function attempt<T>(act: () => T): () => T {
  try {
    const value = act();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** A digest that does not match is looked at line by line, so that the message names the very place. */
async function confirm(
  disk: Disk,
  checks: readonly Promise<{ segment: OpenSegment; sha256: string | null }>[],
): Promise<void> {
  for (const { segment, sha256 } of await Promise.all(checks)) {
    if (sha256 === segment.sha256) continue;
    const name = parseFileName(segment.file) ?? { seq: segment.first, epoch: 0 };
    const { bad } = inspectSegment(disk, segment.path, segment.fd, name);
    const range = { from: bad?.seq ?? segment.first, to: segment.last };
    throw new Damage(
      segment.path,
      bad?.offset ?? 0,
      'a complete segment is damaged: its digest does not match the manifest',
      range,
    );
  }
}
