/**
 * The files of a journal before anything is replayed: what the manifest lists, what is there, and what the end of the
 * last segment means. Changes nothing. All files are opened at once, so that a reader beside a running supervisor keeps
 * what it found even when a snapshot retires it meanwhile.
 */
import { join } from 'node:path';
import { Damage } from './damage.ts';
import type { Disk } from './disk.ts';
import { readAll } from './disk.ts';
import { type Inspection, inspectSegment, readHeader } from './inspect.ts';
import {
  emptyManifest,
  type ListedSegment,
  type ListedSnapshot,
  MANIFEST,
  type Manifest,
  readManifest,
} from './manifest.ts';
import { headerBytes, parseFileName } from './segment.ts';
import { type Judgment, judge } from './verdict.ts';

export interface OpenSegment extends ListedSegment {
  readonly path: string;
  readonly fd: number;
}

export interface OpenSnapshot extends ListedSnapshot {
  readonly path: string;
  readonly fd: number;
}

export interface LastSegment {
  readonly file: string;
  readonly path: string;
  readonly fd: number;
  readonly inspection: Inspection;
  readonly judgment: Judgment;
}

export interface Survey {
  readonly manifest: Manifest;
  /** Complete ones, oldest first. */
  readonly segments: readonly OpenSegment[];
  /** The one that was being written when the last incarnation ended; null after a clean stop. */
  readonly last: LastSegment | null;
  /** Those that are there, newest first. */
  readonly snapshots: readonly OpenSnapshot[];
  /** Highest epoch seen in any name or manifest. */
  readonly epoch: number;
  /** Files of ours that a start broke off before they meant anything; relative to the data folder. */
  readonly leftovers: readonly string[];
  readonly notes: string[];
  /** Closes all files. */
  close(): void;
}

export interface SurveyInput {
  readonly disk: Disk;
  readonly dir: string;
  readonly bootId: string;
}

interface Folder extends SurveyInput {
  readonly folder: string;
  readonly names: readonly string[];
  readonly notes: string[];
  readonly fds: number[];
}

interface Found {
  readonly file: string;
  readonly path: string;
  readonly fd: number;
  readonly inspection: Inspection;
}

export function surveyFolder(input: SurveyInput): Survey {
  const folder = join(input.dir, 'journal');
  const at: Folder = { ...input, folder, names: input.disk.list(folder), notes: [], fds: [] };
  const close = () => {
    for (const fd of at.fds.splice(0)) input.disk.close(fd);
  };
  try {
    return { ...look(at), close };
  } catch (error) {
    close();
    throw error;
  }
}

function look(at: Folder): Omit<Survey, 'close'> {
  const found = readManifest(at.disk, at.folder);
  const names = at.names.filter((name) => parseFileName(name) !== null);
  if (!found && names.length > 0)
    throw new Damage(join(at.folder, MANIFEST), 0, 'the list of files is missing, but there are segments');
  const manifest = found?.manifest ?? emptyManifest;
  at.notes.push(...(found?.notes ?? []));
  const listed = manifest.segments.map((segment) => openSegment(at, segment, found?.newest ?? true));
  const active = manifest.active === null ? null : inspect(at, manifest.active);
  const listedNames = new Set([...manifest.segments.map((segment) => segment.file), manifest.active]);
  const unlisted = names.filter((name) => !listedNames.has(name));
  const { closed, last, leftovers } = followChain(at, listed, active, unlisted, manifest);
  const segments = [...listed.filter((segment) => segment !== null), ...closed];
  const snapshots = manifest.snapshots
    .map((snapshot) => openSnapshot(at, snapshot))
    .filter((snapshot) => snapshot !== null);
  noteStrangers(at, manifest);
  checkChain(at, segments, last, Math.max(0, ...snapshots.map((snapshot) => snapshot.seq)));
  const epoch = Math.max(manifest.epoch, ...names.map((name) => parseFileName(name)?.epoch ?? 0));
  return { manifest, segments, last: last && judged(at, last), snapshots, epoch, leftovers, notes: at.notes };
}

function openSegment(at: Folder, segment: ListedSegment, mustBe: boolean): OpenSegment | null {
  const path = join(at.folder, segment.file);
  if (!at.names.includes(segment.file)) {
    if (mustBe) throw new Damage(path, 0, 'the segment is missing', { from: segment.first, to: segment.last });
    return null;
  }
  const fd = open(at, path);
  const size = at.disk.size(fd);
  if (segment.sealed ? size !== segment.bytes : size < segment.bytes) {
    const range = { from: segment.first, to: segment.last };
    throw new Damage(
      path,
      Math.min(size, segment.bytes),
      `it holds ${size} bytes, but ${segment.bytes} were written`,
      range,
    );
  }
  return { ...segment, path, fd };
}

function openSnapshot(at: Folder, snapshot: ListedSnapshot): OpenSnapshot | null {
  const folder = join(at.dir, 'snapshots');
  const path = join(folder, snapshot.file);
  if (at.disk.list(folder).includes(snapshot.file)) return { ...snapshot, path, fd: open(at, path) };
  at.notes.push(`snapshot ${snapshot.file} is missing`);
  return null;
}

function open(at: Folder, path: string): number {
  const fd = at.disk.open(path, 'read');
  at.fds.push(fd);
  return fd;
}

function inspect(at: Folder, file: string): Found {
  const path = join(at.folder, file);
  const name = parseFileName(file);
  if (!name) throw new Damage(path, 0, 'the manifest names a segment that cannot be one');
  if (!at.names.includes(file)) throw new Damage(path, 0, 'the segment is missing', { from: name.seq });
  const fd = open(at, path);
  return { file, path, fd, inspection: inspectSegment(at.disk, path, fd, name) };
}

/**
 * Segments newer than the manifest knows: a start that broke off before it published its segment leaves one that holds
 * nothing its predecessor does not; an older copy of the manifest may not list one that was in use.
 */
function followChain(
  at: Folder,
  listed: readonly (OpenSegment | null)[],
  active: Found | null,
  unlisted: readonly string[],
  manifest: Manifest,
) {
  const closed: OpenSegment[] = [];
  const leftovers: string[] = [];
  let last = active;
  for (const name of [...unlisted].sort(byAge)) {
    const newest = last?.file ?? closed.at(-1)?.file ?? listed.at(-1)?.file ?? manifest.segments.at(-1)?.file ?? null;
    if (newest !== null && byAge(name, newest) < 0) {
      at.notes.push(`${name} is not listed in the manifest and was left alone`);
      continue;
    }
    const found = inspect(at, name);
    const reached = last?.inspection.last ?? closed.at(-1)?.last ?? manifest.segments.at(-1)?.last ?? 0;
    const { entries, validAfter, size } = found.inspection;
    if (entries === 0 && validAfter === 0 && size > headerBytes) {
      at.notes.push(`${name} holds no entry that can be read, is not listed in the manifest and was left alone`);
      continue;
    }
    if ((entries === 0 && validAfter === 0) || Math.max(found.inspection.last, validAfter) <= reached) {
      leftovers.push(join('journal', name));
      continue;
    }
    const prev = found.inspection.header?.prev ?? null;
    if ((prev?.file ?? null) !== newest)
      throw new Damage(found.path, 0, 'it does not follow the segment before it', { from: found.inspection.last });
    if (last && prev)
      closed.push({
        ...prev,
        first: headerOf(last).first,
        last: prev.seq,
        sealed: false,
        path: last.path,
        fd: last.fd,
      });
    at.notes.push(`${name} is newer than the manifest and was taken up`);
    last = found;
  }
  return { closed, last, leftovers };
}

/** Segments by epoch, then by first sequence number: the order they were written in. */
function byAge(a: string, b: string): number {
  const left = parseFileName(a) ?? { epoch: 0, seq: 0 };
  const right = parseFileName(b) ?? { epoch: 0, seq: 0 };
  return left.epoch - right.epoch || left.seq - right.seq;
}

function headerOf(found: Found) {
  if (!found.inspection.header) throw new Damage(found.path, 0, 'its header is damaged');
  return found.inspection.header;
}

function judged(at: Folder, found: Found): LastSegment {
  const rebooted = found.inspection.header?.boot !== at.bootId;
  return { ...found, judgment: judge(found.path, found.inspection, rebooted) };
}

/** Every entry has exactly one place, and each file says so of the one before. `covered`: what a snapshot holds anyway. */
function checkChain(at: Folder, segments: readonly OpenSegment[], last: Found | null, covered: number): void {
  const chain = last ? [...segments, { ...last, first: headerOf(last).first, last: last.inspection.last }] : segments;
  for (const [index, segment] of chain.entries()) {
    const { first, prev } = headerAt(at, segment.fd, segment.file, segment.path);
    if (first !== segment.first) throw new Damage(segment.path, 0, 'its header does not match the manifest');
    const before = segments[index - 1];
    if (!before) continue;
    const expected = before.last + 1;
    if (first !== expected && (first < expected || first > covered + 1)) {
      throw new Damage(segment.path, 0, `it begins with entry ${first}, but ${expected} was expected`, {
        from: expected,
        to: first - 1,
      });
    }
    if (
      first === expected &&
      (prev?.file !== before.file || prev.bytes !== before.bytes || prev.sha256 !== before.sha256)
    ) {
      throw new Damage(segment.path, 0, `it was not written after ${before.file} as that is now`, { from: first });
    }
  }
}

function headerAt(at: Folder, fd: number, file: string, path: string) {
  const head = Buffer.alloc(headerBytes);
  const read = readAll(at.disk, fd, head, 0);
  const name = parseFileName(file);
  const header = name && readHeader(head.subarray(0, read), name, path);
  if (!header) throw new Damage(path, 0, 'its header is damaged');
  return header;
}

const KNOWN = /^MANIFEST\.(prev\.)?json(\.tmp)?$/;

function noteStrangers(at: Folder, manifest: Manifest): void {
  for (const name of at.names)
    if (!parseFileName(name) && !KNOWN.test(name)) at.notes.push(`journal/${name} is not ours and was left alone`);
  const listed = new Set(manifest.snapshots.map((snapshot) => snapshot.file));
  for (const name of at.disk.list(join(at.dir, 'snapshots'))) {
    if (!listed.has(name) && !name.endsWith('.ndjson.tmp'))
      at.notes.push(`snapshots/${name} is not listed in the manifest and was left alone`);
  }
}
