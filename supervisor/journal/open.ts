/** Opens a journal: survey, replay, and only when all of it stands, the first bytes of a new incarnation. */
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { machineClock } from '../clock.ts';
import { type Disk, machineDisk } from './disk.ts';
import { JournalFiles } from './files.ts';
import type { FsyncPolicy, Replayer } from './journal.ts';
import { Journal } from './live-journal.ts';
import type { ListedSegment } from './manifest.ts';
import { ask } from './port.ts';
import { type Digest, type Replayed, replayFolder } from './recover.ts';
import { type Fed, feedSegment } from './replay.ts';
import { type RecoveryReport, reportOf } from './report.ts';
import { fileName, headerBytes, segmentBytesMaxDefault } from './segment.ts';
import { type Survey, surveyFolder } from './survey.ts';
import { trashLeftovers } from './trash.ts';
import type { Begun } from './writer.ts';
import { digestBy, startWriter, type WriterPort } from './writer-port.ts';

export interface OpenJournalInput {
  /** The data folder; it exists and is locked. */
  readonly dir: string;
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly incarnation: string;
  readonly version: string;
  /** Tells a kill, after which the kernel still has every written byte, from a power cut. */
  readonly bootId: string;
  readonly fsync: FsyncPolicy;
  readonly replayer: Replayer;
  readonly segmentBytesMax?: number;
  /** A snapshot is due when the journal has grown by this much, and by the size of the last one. */
  readonly snapshotBytesMin?: number;
}

export interface OpenedJournal {
  readonly journal: Journal;
  readonly report: RecoveryReport;
}

const snapshotBytesMinDefault = 64 * 1024 * 1024;

export async function openJournal(input: OpenJournalInput): Promise<OpenedJournal> {
  const { dir, disk = machineDisk, clock = machineClock, replayer, bootId } = input;
  const startedAt = clock.monotonic();
  const port = startWriter(disk);
  const files = new JournalFiles();
  let survey: Survey | null = null;
  try {
    survey = surveyFolder({ disk, dir, bootId });
    const digest = digestBy(port);
    const replayed = await replayFolder(disk, survey, digest, files, replayer);
    const begun = await begin(input, survey, replayed, port, clock, digest);
    const file = files.add(join(dir, 'journal', begun.file));
    const tail = survey.last?.judgment.tail ? replayTail(disk, files, file, begun, replayed, replayer) : replayed;
    clearLeftovers(disk, dir, survey);
    const report = reportOf(survey, replayed, tail, input, clock.monotonic() - startedAt);
    return { journal: liveJournal(input, survey, replayed, begun, file, files, port, tail.last), report };
  } catch (error) {
    await port.end();
    throw error;
  } finally {
    survey?.close();
  }
}

async function begin(
  input: OpenJournalInput,
  survey: Survey,
  replayed: Replayed,
  port: WriterPort,
  clock: Clock,
  digest: Digest,
): Promise<Begun> {
  const { dir, disk = machineDisk, incarnation, version, fsync, bootId } = input;
  const { last, manifest, segments } = survey;
  for (const folder of ['journal', 'snapshots']) disk.makeFolder(join(dir, folder));
  const closed = last ? await closedSegment(last, digest) : null;
  const listed = [
    ...segments.map(({ file, first, last: end, bytes, sha256, sealed }) => ({
      file,
      first,
      last: end,
      bytes,
      sha256,
      sealed,
    })),
  ];
  if (closed && closed.last >= closed.first) listed.push(closed);
  const before = listed.at(-1);
  const epoch = survey.epoch + 1;
  const tail = last?.judgment.tail ? { ...last.judgment.tail, path: last.path, last: last.judgment.last } : null;
  const { begun } = await ask(port, {
    op: 'begin',
    plan: {
      dir,
      epoch,
      first: (tail ? (closed?.last ?? 0) : replayed.last) + 1,
      at: clock.wall(),
      boot: bootId,
      incarnation,
      version,
      fsync,
      prev: before ? { file: before.file, seq: before.last, bytes: before.bytes, sha256: before.sha256 } : null,
      tail,
      manifest: {
        ...manifest,
        epoch,
        segments: listed,
        snapshots: survey.snapshots.map(({ file, seq, to, count, bytes, sha256 }) => ({
          file,
          seq,
          to,
          count,
          bytes,
          sha256,
        })),
      },
    },
  });
  if (!begun) throw new Error('the journal did not begin');
  return begun;
}

/** The segment a crash left open is closed at what is proven; it is never written to again. */
async function closedSegment(last: NonNullable<Survey['last']>, digest: Digest): Promise<ListedSegment> {
  const { seq, bytes } = last.judgment.proven;
  const sha256 = (await digest(last.fd, bytes)) ?? '';
  return { file: last.file, first: last.inspection.header?.first ?? 0, last: seq, bytes, sha256, sealed: false };
}

/** The tail is replayed from the segment it was written to again: only that one is known to be on disk. */
function replayTail(
  disk: Disk,
  files: JournalFiles,
  ordinal: number,
  begun: Begun,
  replayed: Replayed,
  replayer: Replayer,
): Fed {
  const fed = { ...replayed };
  const path = files.path(ordinal);
  const fd = disk.open(path, 'read');
  try {
    feedSegment({ disk, fd, path, ordinal }, headerBytes, begun.bytes, replayer, fed);
  } finally {
    disk.close(fd);
  }
  return fed;
}

/** What starts and snapshots that broke off have left, and the empty segment of a start after which nothing happened. */
function clearLeftovers(disk: Disk, dir: string, survey: Survey): void {
  const snapshots = join(dir, 'snapshots');
  for (const name of disk.list(snapshots))
    if (/^\d{16}-e\d{6,}\.ndjson\.tmp$/.test(name)) disk.remove(join(snapshots, name));
  const leftovers = [...survey.leftovers];
  const { last } = survey;
  if (last && last.judgment.proven.seq < (last.inspection.header?.first ?? 0)) {
    // Nothing in it was proven, so all of it that counts stands in the new segment.
    if (last.judgment.droppedBytes === 0) disk.remove(last.path);
    else leftovers.push(join('journal', last.file));
  }
  if (leftovers.length > 0) trashLeftovers(disk, dir, leftovers);
}

function liveJournal(
  input: OpenJournalInput,
  survey: Survey,
  replayed: Replayed,
  begun: Begun,
  file: number,
  files: JournalFiles,
  port: WriterPort,
  last: number,
): Journal {
  const { dir, disk = machineDisk, clock = machineClock, incarnation, fsync } = input;
  const epoch = survey.epoch + 1;
  const since = survey.segments.filter((segment) => segment.last > (replayed.snapshot?.seq ?? 0));
  return new Journal({
    disk,
    dir,
    clock,
    port,
    files,
    epoch,
    incarnation,
    fsync,
    segmentBytesMax: input.segmentBytesMax ?? segmentBytesMaxDefault,
    snapshotBytesMin: input.snapshotBytesMin ?? snapshotBytesMinDefault,
    last,
    file,
    bytes: begun.bytes,
    used: begun.bytes > headerBytes,
    space: begun.space,
    segments: survey.segments.length + (survey.last ? 1 : 0) + 1,
    segmentsSinceSnapshot: since.length + (survey.last ? 1 : 0) + 1,
    sinceSnapshotBytes:
      since.reduce((sum, segment) => sum + segment.bytes, 0) + (survey.last?.judgment.proven.bytes ?? 0),
    snapshot: { seq: replayed.snapshot?.seq ?? 0, bytes: replayed.snapshot?.bytes ?? 0 },
    segmentPath: (first) => join(dir, 'journal', fileName(first, epoch)),
  });
}
