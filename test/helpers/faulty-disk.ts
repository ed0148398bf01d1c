/**
 * A disk in memory that fails, tears and forgets on demand. It knows what has been synced: `killed()` is the disk as the
 * next process finds it after kill -9, `powerCut()` as the next start of the machine finds it.
 */
import { dirname } from 'node:path';
import type { Disk, DiskSpace, OpenMode } from '../../supervisor/journal/disk.ts';

export const sectorBytes = 512;

interface File {
  bytes: Buffer;
  size: number;
  /** What a power cut leaves for sure. */
  synced: Buffer;
}

interface Handle {
  readonly file: File;
  readonly mode: OpenMode;
  open: boolean;
}

export type DiskCall =
  | 'open'
  | 'read'
  | 'write'
  | 'fstat'
  | 'fdatasync'
  | 'ftruncate'
  | 'close'
  | 'rename'
  | 'unlink'
  | 'mkdir'
  | 'scandir'
  | 'fsync'
  | 'statfs';

export interface FaultPlan {
  /** Number of the call that fails, from 1; calls are counted over all kinds unless `call` names one. */
  readonly at: number;
  readonly call?: DiskCall;
  readonly code: string;
  /** Every later call of the kind that failed fails too. */
  readonly sticky?: boolean;
}

export interface FaultyDiskOptions {
  readonly totalBytes?: number;
  /** Bytes a write takes of those given; by default all. */
  readonly writes?: (bytes: number) => number;
}

export class FaultyDisk implements Disk {
  readonly files = new Map<string, File>();
  readonly folders = new Set<string>();
  /** Names that a power cut leaves, as of the last sync of their folder. */
  readonly durableNames = new Map<string, File>();
  readonly calls: { readonly call: DiskCall; readonly path: string }[] = [];
  plan: FaultPlan | null = null;
  /** Runs before each call; a test may throw here, or look. */
  before: ((call: DiskCall, path: string, count: number) => void) | null = null;
  options: FaultyDiskOptions;
  failed = 0;
  #counted = 0;
  #stuck: DiskCall | null = null;
  readonly #handles: Handle[] = [];
  readonly #paths: string[] = [];

  constructor(options: FaultyDiskOptions = {}) {
    this.options = options;
  }

  get openHandles(): number {
    return this.#handles.filter((handle) => handle.open).length;
  }

  open(path: string, mode: OpenMode): number {
    this.#call('open', path);
    let file = this.files.get(path);
    if (mode === 'create') {
      if (file) throw fault('EEXIST', 'open', path);
      if (!this.folders.has(dirname(path))) throw fault('ENOENT', 'open', path);
      file = { bytes: Buffer.alloc(0), size: 0, synced: Buffer.alloc(0) };
      this.files.set(path, file);
    }
    if (!file) throw fault('ENOENT', 'open', path);
    this.#paths.push(path);
    return this.#handles.push({ file, mode, open: true }) - 1;
  }

  read(fd: number, into: Uint8Array, position: number): number {
    const { file } = this.#handle('read', fd);
    if (position >= file.size) return 0;
    return file.bytes.copy(into, 0, position, Math.min(file.size, position + into.byteLength));
  }

  write(fd: number, bytes: Uint8Array): number {
    const { file, mode } = this.#handle('write', fd);
    if (mode === 'read') throw fault('EBADF', 'write');
    const asked = Math.max(1, Math.min(bytes.byteLength, this.options.writes?.(bytes.byteLength) ?? bytes.byteLength));
    const taken = Math.min(asked, this.#freeBytes());
    if (taken === 0) throw fault('ENOSPC', 'write');
    if (file.size + taken > file.bytes.length) {
      const grown = Buffer.alloc(Math.max(file.bytes.length * 2, file.size + taken, 1024));
      file.bytes.copy(grown, 0, 0, file.size);
      file.bytes = grown;
    }
    file.bytes.set(bytes.subarray(0, taken), file.size);
    file.size += taken;
    return taken;
  }

  size(fd: number): number {
    return this.#handle('fstat', fd).file.size;
  }

  sync(fd: number): void {
    const { file } = this.#handle('fdatasync', fd);
    file.synced = Buffer.from(file.bytes.subarray(0, file.size));
  }

  truncate(fd: number, bytes: number): void {
    const { file } = this.#handle('ftruncate', fd);
    file.bytes.fill(0, bytes);
    file.size = bytes;
  }

  close(fd: number): void {
    this.#handle('close', fd).open = false;
  }

  rename(from: string, to: string): void {
    this.#call('rename', from);
    const file = this.files.get(from);
    if (!file || !this.folders.has(dirname(to))) throw fault('ENOENT', 'rename', from);
    this.files.delete(from);
    this.files.set(to, file);
  }

  remove(path: string): void {
    this.#call('unlink', path);
    if (!this.files.delete(path)) throw fault('ENOENT', 'unlink', path);
  }

  makeFolder(path: string): void {
    this.#call('mkdir', path);
    this.folders.add(path);
  }

  list(path: string): string[] {
    this.#call('scandir', path);
    return this.#in(path, this.files).map((name) => name.slice(path.length + 1));
  }

  syncFolder(path: string): void {
    this.#call('fsync', path);
    for (const name of this.#in(path, this.durableNames)) this.durableNames.delete(name);
    for (const name of this.#in(path, this.files)) this.durableNames.set(name, this.files.get(name) as File);
  }

  space(path: string): DiskSpace {
    this.#call('statfs', path);
    return { freeBytes: this.#freeBytes(), totalBytes: this.options.totalBytes ?? 1e9 };
  }

  async readLater(fd: number, into: Uint8Array, position: number): Promise<number> {
    return this.read(fd, into, position);
  }

  /** The whole content of a file, for tests to look at and to change. */
  content(path: string): Buffer {
    const file = this.files.get(path);
    if (!file) throw fault('ENOENT', 'open', path);
    return Buffer.from(file.bytes.subarray(0, file.size));
  }

  put(path: string, content: Buffer): void {
    const file: File = { bytes: Buffer.from(content), size: content.length, synced: Buffer.from(content) };
    this.files.set(path, file);
    this.durableNames.set(path, file);
    this.folders.add(dirname(path));
  }

  /** The same disk after kill -9: the kernel still has every byte that was written. */
  killed(): FaultyDisk {
    const next = new FaultyDisk(this.options);
    for (const folder of this.folders) next.folders.add(folder);
    for (const path of this.files.keys()) next.put(path, this.content(path));
    return next;
  }

  /**
   * The same disk after a power cut. Names are as their folders were last synced, contents as the files were; of what was
   * not synced, `survives` decides sector by sector, and what does not survive reads as zeros or as it was before.
   */
  powerCut(survives: (path: string, sector: number) => boolean = () => false): FaultyDisk {
    const next = new FaultyDisk(this.options);
    for (const folder of this.folders) next.folders.add(folder);
    for (const [path, file] of this.durableNames) next.put(path, tornContent(path, file, survives));
    return next;
  }

  #in(folder: string, names: ReadonlyMap<string, File>): string[] {
    return [...names.keys()].filter((name) => dirname(name) === folder);
  }

  #freeBytes(): number {
    let used = 0;
    for (const file of this.files.values()) used += file.size;
    return Math.max(0, (this.options.totalBytes ?? 1e9) - used);
  }

  #handle(call: DiskCall, fd: number): Handle {
    this.#call(call, this.#paths[fd] ?? '');
    const handle = this.#handles[fd];
    if (!handle?.open) throw fault('EBADF', call);
    return handle;
  }

  #call(call: DiskCall, path: string): void {
    this.calls.push({ call, path });
    this.before?.(call, path, this.calls.length);
    if (!this.plan) return;
    const counts = this.plan.call === undefined || this.plan.call === call;
    if (counts) this.#counted++;
    if (!(counts && this.#counted === this.plan.at) && this.#stuck !== call) return;
    if (this.plan.sticky) this.#stuck = call;
    this.failed++;
    throw fault(this.plan.code, call, path);
  }
}

function tornContent(path: string, file: File, survives: (path: string, sector: number) => boolean): Buffer {
  const lost: Buffer = Buffer.from(file.synced);
  if (file.bytes.subarray(0, file.size).equals(lost)) return lost;
  const kept: number[] = [];
  const sectors = Math.ceil(Math.max(file.size, lost.length) / sectorBytes);
  for (let sector = 0; sector < sectors; sector++) {
    const start = sector * sectorBytes;
    const end = start + sectorBytes;
    if (
      !file.bytes.subarray(start, Math.min(end, file.size)).equals(lost.subarray(start, end)) &&
      survives(path, sector)
    )
      kept.push(sector);
  }
  const last = kept.at(-1);
  const size = last === undefined ? lost.length : Math.max(lost.length, Math.min(file.size, (last + 1) * sectorBytes));
  const content = Buffer.alloc(size);
  lost.copy(content);
  for (const sector of kept)
    file.bytes.copy(
      content,
      sector * sectorBytes,
      sector * sectorBytes,
      Math.min(file.size, (sector + 1) * sectorBytes),
    );
  return content;
}

function fault(code: string, syscall: string, path = ''): Error {
  return Object.assign(new Error(`${code}: injected, ${syscall} ${path}`), { code, syscall });
}
