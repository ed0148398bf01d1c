/** What the tests of the inbox are made of: a supervisor that only remembers, a folder, and a disk that can die. */
import { lstat, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Clock, machineClock } from '../../supervisor/clock.ts';
import { type InboxFiles, machineFiles } from '../../supervisor/intake/files.ts';
import { Inbox } from '../../supervisor/intake/inbox.ts';
import type { InboxHealth, InboxOptions, InboxSupervisor } from '../../supervisor/intake/inbox-options.ts';
import type { FileContents } from '../../supervisor/intake/task-file.ts';
import type { FolderWatch } from '../../supervisor/intake/watch.ts';

/** The journal of a supervisor that is never lost. */
export class Remembering implements InboxSupervisor {
  /** Types of the tasks, by file and by id. */
  readonly journaled: { readonly id: string; readonly name: string; readonly types: readonly string[] }[] = [];
  readonly ids = new Set<string>();
  readonly health = new Map<string, InboxHealth>();
  readonly logged: string[] = [];
  onSubmit: (name: string) => void | Promise<void> = () => {};

  async submit(id: string, name: string, { tasks }: FileContents): Promise<void> {
    await this.onSubmit(name);
    if (this.ids.has(id)) return;
    this.ids.add(id);
    this.journaled.push({ id, name, types: tasks.map((task) => task.type) });
  }

  known(): Iterable<string> {
    return this.ids;
  }

  settled(ids: readonly string[]): void {
    for (const id of ids) this.ids.delete(id);
  }

  raise(item: InboxHealth): void {
    this.health.set(item.code, item);
  }

  clear(code: string): void {
    this.health.delete(code);
  }

  log(level: string, text: string): void {
    this.logged.push(`${level} ${text}`);
  }

  files(): string[] {
    return this.journaled.map(({ name, types }) => `${name}: ${types.join(' ')}`).sort();
  }
}

export const noWatch = (): FolderWatch => ({ on: true, begin: async () => {}, end: async () => {} });

export interface Bench {
  readonly dir: string;
  readonly supervisor: Remembering;
  readonly inbox: Inbox;
}

export async function makeDataDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-inbox-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export function makeInbox(dir: string, supervisor: InboxSupervisor, more: Partial<InboxOptions> = {}): Inbox {
  return new Inbox({
    dataDir: dir,
    settleMs: 500,
    retentionMs: null,
    owners: [],
    clock: machineClock,
    supervisor,
    watch: noWatch,
    ...more,
  });
}

/** Started, without a watch unless asked: a test says when to look with `rescan`. */
export async function bench(t: Test, more: Partial<InboxOptions> = {}): Promise<Bench> {
  const dir = await makeDataDir(t);
  const supervisor = new Remembering();
  const inbox = makeInbox(dir, supervisor, more);
  await inbox.start();
  t.teardown(() => inbox.stop());
  return { dir, supervisor, inbox };
}

export const longAgo = new Date('2026-01-01T00:00:00Z');

/** A file that has settled already. */
export async function drop(dir: string, name: string, text: string | Uint8Array): Promise<void> {
  await writeFile(join(dir, 'inbox', name), text);
  await utimes(join(dir, 'inbox', name), longAgo, longAgo);
}

export function task(type: string): string {
  return JSON.stringify({ type });
}

/** Names below a folder, sorted, with the day of `accepted/` left out. */
export async function names(dir: string, folder: 'inbox' | 'accepted' | 'rejected'): Promise<string[]> {
  const inside = await readdir(join(dir, folder), { recursive: true, withFileTypes: true });
  return inside
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

export async function mistakesOf(
  dir: string,
  name: string,
): Promise<{ code: string; path: string; line: number | null; column: number | null; message: string }[]> {
  return JSON.parse(await readFile(join(dir, 'rejected', `${name}.error.json`), 'utf8')).mistakes;
}

/** A clock whose timers never fire and whose hands a test moves. */
export function stillClock(): Clock & { move(ms: number): void } {
  let at = Date.parse('2026-11-22T03:00:00Z');
  return {
    wall: () => at,
    monotonic: () => at,
    after: () => () => {},
    move(ms) {
      at += ms;
    },
  };
}

interface Move {
  readonly from: string;
  readonly to: string;
  readonly unsynced: Set<string>;
}

/**
 * The machine's disk until its n-th call; from then on nothing is done and nothing answers, as after a kill or a power
 * cut. A rename counts as being on disk once both its folders were synced: `lose` undoes those that were not.
 */
export class DyingDisk implements InboxFiles {
  calls = 0;
  readonly died: Promise<void>;
  readonly #dieAt: number;
  readonly #moves: Move[];
  readonly #underWay = new Set<Promise<unknown>>();
  #die: () => void = () => {};

  /** @param before the disk of the life before, when that ended by a mere kill: what is unsynced may still be lost */
  constructor(dieAt: number, before: DyingDisk | null = null) {
    this.#dieAt = dieAt;
    this.#moves = before === null ? [] : [...before.#moves];
    this.died = new Promise((resolve) => {
      this.#die = resolve;
    });
  }

  /** What a power cut may take back, newest first; what it leaves is there for good. */
  async lose(chosen: (index: number) => boolean): Promise<void> {
    for (const [index, { from, to, unsynced }] of [...this.#moves.entries()].reverse()) {
      if (unsynced.size > 0 && chosen(index)) await rename(to, from).catch(() => {});
    }
    this.#moves.length = 0;
  }

  names = (folder: string) => this.#do(() => machineFiles.names(folder));
  openForWriting = (paths: readonly string[]) => this.#do(() => machineFiles.openForWriting(paths));
  status = (path: string) => this.#do(() => machineFiles.status(path));
  read = (path: string, bytesMax: number) => this.#do(() => machineFiles.read(path, bytesMax));
  makeFolder = (path: string) => this.#do(() => machineFiles.makeFolder(path));
  write = (path: string, text: string) => this.#do(() => machineFiles.write(path, text));
  readText = (path: string) => this.#do(() => machineFiles.readText(path));
  syncFile = (path: string) => this.#do(() => machineFiles.syncFile(path));
  removeFolder = (path: string) => this.#do(() => machineFiles.removeFolder(path));

  readSmall = (path: string, bytesMax: number) => {
    if (!this.#alive()) throw new Error('the machine is off');
    return machineFiles.readSmall(path, bytesMax);
  };

  move = (from: string, to: string) =>
    this.#do(async () => {
      await machineFiles.move(from, to);
      this.#moves.push({ from, to, unsynced: new Set([join(from, '..'), join(to, '..')]) });
    });

  syncFolder = (path: string) =>
    this.#do(async () => {
      await machineFiles.syncFolder(path);
      for (const { unsynced } of this.#moves) unsynced.delete(path);
    });

  #alive(): boolean {
    this.calls += 1;
    if (this.calls === this.#dieAt) this.#die();
    return this.calls < this.#dieAt;
  }

  /** Calls that had begun before the end run to theirs, as in a dying kernel; only then may the next life begin. */
  async quiet(): Promise<void> {
    while (this.#underWay.size > 0) {
      await Promise.allSettled(this.#underWay);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #do<T>(call: () => Promise<T>): Promise<T> {
    if (!this.#alive()) return new Promise<T>(() => {});
    const under = call();
    this.#underWay.add(under);
    const done = (): void => void this.#underWay.delete(under);
    under.then(done, done);
    return under;
  }
}

/** Two good files, a wrong one and a link. */
export async function dropFour(dir: string): Promise<void> {
  await drop(dir, 'one.json', task('a'));
  await drop(dir, 'two.ndjson', `${task('b')}\n${task('c')}\n`);
  await drop(dir, 'wrong.json', '{ "typ": 1 }');
  await symlink('/etc/hostname', join(dir, 'inbox', 'link.json'));
}

/** Everything of `dropFour` exactly once, at its place, and nothing left on the way. */
export async function faultsOf(dir: string, journaled: readonly string[], known: number): Promise<string[]> {
  const faults: string[] = [];
  const expect = (what: string, actual: unknown, wanted: unknown): void => {
    if (JSON.stringify(actual) !== JSON.stringify(wanted))
      faults.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`);
  };
  expect('journaled', journaled, ['one.json: a', 'two.ndjson: b c']);
  expect('accepted', await names(dir, 'accepted'), ['one.json', 'two.ndjson']);
  const rejected = await names(dir, 'rejected');
  expect('rejected', rejected, ['link.json', 'link.json.error.json', 'wrong.json', 'wrong.json.error.json']);
  expect('inbox', await names(dir, 'inbox'), []);
  expect('ids still known', known, 0);
  if (rejected.includes('link.json'))
    expect('the link', (await lstat(join(dir, 'rejected', 'link.json'))).isSymbolicLink(), true);
  return faults;
}
