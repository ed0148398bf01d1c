/** The machine's disk, with every call written down and faults where a test wants them; and a clock that a test moves. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock } from '../../supervisor/clock.ts';
import { type Disk, type DiskFile, machineDisk } from '../../supervisor/history/disk.ts';

export type DiskCall =
  | 'open'
  | 'read'
  | 'write'
  | 'truncate'
  | 'datasync'
  | 'size'
  | 'rename'
  | 'remove'
  | 'syncFolder';

/** An errno refuses the call; `short` lets a write take only so many bytes, `flip` has it write another bit there. */
export type Fault = { readonly code: string } | { readonly short: number } | { readonly flip: number } | null;

export class ScriptedDisk implements Disk {
  readonly calls: string[] = [];
  /** Asked before every call, with the base name of the file. */
  fault: (call: DiskCall, name: string) => Fault = () => null;

  #meet(call: DiskCall, path: string): Fault {
    const name = basename(path);
    this.calls.push(`${call} ${name}`);
    const fault = this.fault(call, name);
    if (fault && 'code' in fault)
      throw Object.assign(new Error(`${fault.code}: ${call} ${name}`), { code: fault.code });
    return fault;
  }

  async open(path: string, mode: Parameters<Disk['open']>[1]): Promise<DiskFile> {
    this.#meet('open', path);
    const file = await machineDisk.open(path, mode);
    const met = <T>(call: DiskCall, go: (fault: Fault) => Promise<T>): Promise<T> =>
      (async () => go(this.#meet(call, path)))();
    return {
      read: (into, length, position) => met('read', () => file.read(into, length, position)),
      write: (bytes, from, length, position) =>
        met('write', (fault) => {
          const given = Buffer.from(bytes);
          if (fault && 'flip' in fault && fault.flip < length)
            given.writeUInt8((given[from + fault.flip] as number) ^ 1, from + fault.flip);
          return file.write(given, from, fault && 'short' in fault ? Math.min(fault.short, length) : length, position);
        }),
      truncate: (size) => met('truncate', () => file.truncate(size)),
      datasync: () => met('datasync', () => file.datasync()),
      size: () => met('size', () => file.size()),
      close: () => file.close(),
    };
  }

  makeFolder = machineDisk.makeFolder;
  list = machineDisk.list;

  async size(path: string): Promise<number> {
    this.#meet('size', path);
    return machineDisk.size(path);
  }

  async rename(from: string, to: string): Promise<void> {
    this.#meet('rename', to);
    return machineDisk.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    this.#meet('remove', path);
    return machineDisk.remove(path);
  }

  async syncFolder(path: string): Promise<void> {
    this.#meet('syncFolder', path);
    return machineDisk.syncFolder(path);
  }
}

export class ManualClock implements Clock {
  now: number;
  #timers: { at: number; call: () => void }[] = [];

  constructor(now: number) {
    this.now = now;
  }

  wall = () => this.now;
  monotonic = () => this.now;

  after(delayMs: number, call: () => void): () => void {
    const timer = { at: this.now + delayMs, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  get waiting(): number {
    return this.#timers.length;
  }

  pass(ms: number): void {
    this.now += ms;
    const due = this.#timers.filter(({ at }) => at <= this.now);
    this.#timers = this.#timers.filter(({ at }) => at > this.now);
    for (const { call } of due) call();
  }
}

/** A folder on a real file system, removed at the end of the test. */
export async function freshFolder(t: { teardown(end: () => Promise<void>): void }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nightshift-history-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Waits for a condition, turn by turn of the loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
