/**
 * The inbox: files dropped into `DATA/inbox` become durable tasks, schedules and runs, each file exactly once, whatever happens in between.
 *
 * A pass looks through the folder and takes what has settled. Passes follow one another: woken by news of the folder,
 * by a file that is about to have settled, and by the minute, because news can fail.
 */
import { basename, join, relative } from 'node:path';
import { v7 } from 'uuid';
import { Afterwards } from './afterwards.ts';
import { eachBounded } from './bounded.ts';
import { codeOf, type InboxFiles, machineFiles } from './files.ts';
import { ensureFolders, type InboxFolders, inboxFolders } from './folders.ts';
import type { InboxOptions, InboxStats, InboxSupervisor } from './inbox-options.ts';
import { blindRescanMs, callsMax, crowdFilesMin, crowdRescanMs, laterMs, rescanMs } from './intake-limits.ts';
import { type Leaving, type Moved, MovingOn } from './moving-on.ts';
import { isLeftAlone } from './names.ts';
import { Pace } from './pace.ts';
import { ParseApart } from './parse-apart.ts';
import { recoverTaken } from './recover-taken.ts';
import { Remarks } from './remarks.ts';
import { removeOldDays } from './retention.ts';
import { Settling } from './settling.ts';
import type { Taken } from './taken-file.ts';
import { type Settled, Taking } from './taking.ts';
import { formatOf } from './task-file.ts';
import { type FolderWatch, type MakeWatch, Watch } from './watch.ts';
import { Writers } from './writers.ts';

const RETENTION_MS = 3_600_000;

export class Inbox {
  readonly #options: InboxOptions;
  readonly #files: InboxFiles;
  readonly #supervisor: InboxSupervisor;
  readonly #folders: InboxFolders;
  readonly #settling: Settling;
  readonly #writers: Writers;
  readonly #afterwards: Afterwards;
  readonly #remarks: Remarks;
  readonly #apart: ParseApart;
  readonly #movingOn: MovingOn;
  readonly #taking: Taking;
  readonly #watch: FolderWatch;
  readonly #pace: Pace;
  readonly #counts = { accepted: 0, rejected: 0, tasks: 0, schedules: 0 };
  /** Taken, and put off by the supervisor or the disk. */
  readonly #later = new Map<string, { readonly taken: Taken; readonly reason: string }>();
  /** Accepted or rejected, and not yet moved because the disk would not. */
  readonly #stranded = new Map<string, { readonly leaving: Leaving; readonly reason: string }>();
  /** Given up until the next start. */
  readonly #left: string[] = [];
  #identity: string | null = null;
  /** Could not be taken in the last pass. */
  #stuck: string[] = [];
  #blind: { readonly reason: string; readonly at: number } | null = null;
  #stopped = true;
  #removedAt = Number.NEGATIVE_INFINITY;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#files = options.files ?? machineFiles;
    this.#supervisor = options.supervisor;
    this.#folders = inboxFolders(options.dataDir);
    this.#settling = new Settling(() => options.settleMs);
    this.#writers = new Writers(
      () => options.settleMs,
      (names) => this.#openForWriting(names),
    );
    this.#afterwards = new Afterwards(this.#files);
    this.#remarks = new Remarks(options.supervisor);
    this.#apart = new ParseApart(options.clock);
    this.#movingOn = this.#makeMovingOn();
    this.#taking = this.#makeTaking();
    this.#pace = new Pace(options.clock, () => this.#pass());
    const makeWatch: MakeWatch = options.watch ?? ((folder, hints) => new Watch(folder, hints));
    this.#watch = makeWatch(this.#folders.inbox, {
      stir: () => this.#pace.stir(),
      blind: (reason) => {
        this.#blind = { reason, at: options.clock.monotonic() };
        this.#pace.within(blindRescanMs);
      },
    });
  }

  /**
   * Finishes what the last incarnation had begun, then takes what is there, then watches.
   * @throws Fault `dataFolder` when the folders cannot be made
   */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#tend(true);
    const unknown = await recoverTaken(this.#folders, this.#files, this.#supervisor, this.#movingOn);
    await this.#taking.process(unknown);
    await this.#pace.now();
  }

  /** Takes nothing more, and waits for what is under way; a large file that is being read waits for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watch.end();
    await this.#apart.close();
    await this.#pace.stop();
    await this.#taking.idle();
    await this.#movingOn.idle();
  }

  /** Looks through the folder now, until everything that had settled is durable, rejected or put off, and moved. */
  async rescan(): Promise<void> {
    await this.#pace.now();
    await this.#taking.idle();
    await this.#movingOn.idle();
  }

  stats(): InboxStats {
    return { ...this.#counts, waiting: this.#later.size };
  }

  /** @returns milliseconds until the next one. */
  async #pass(): Promise<number> {
    try {
      await this.#tend(false);
      await this.#retry();
      const { settled, nextMs, pending } = await this.#look();
      await this.#watchWhenCalm(pending);
      this.#stuck = [];
      const { closed, nextMs: closedMs } = await this.#writers.closed(settled, this.#options.clock.monotonic());
      await this.#taking.take(closed, (name, error) => this.#stuck.push(`${name} (${codeOf(error)})`));
      this.#remarkTroubles();
      const restMs = this.#watch.on ? rescanMs : crowdRescanMs;
      return Math.min(nextMs, closedMs, this.#blind === null ? restMs : blindRescanMs);
    } catch (error) {
      this.#stuck = [`${this.#folders.inbox} (${codeOf(error)})`];
      this.#remarkTroubles();
      return blindRescanMs;
    }
  }

  /** What arrived while there was no watch is seen by the pass that follows its return. */
  async #watchWhenCalm(pending: number): Promise<void> {
    if (this.#stopped) return;
    if (pending >= crowdFilesMin) await this.#watch.end();
    else if (!this.#watch.on) {
      await this.#watch.begin();
      this.#pace.stir();
    }
  }

  /** Folders there and watched, old days removed, rejected files counted. */
  async #tend(starting: boolean): Promise<void> {
    const identity = await ensureFolders(this.#folders, this.#files, starting);
    const blindMs = this.#blind === null ? 0 : this.#options.clock.monotonic() - this.#blind.at;
    if (identity !== this.#identity || blindMs >= rescanMs) {
      this.#identity = identity;
      this.#blind = null;
      await this.#watch.end();
    }
    const wall = this.#options.clock.wall();
    const { retentionMs } = this.#options;
    if (retentionMs !== null && Math.abs(wall - this.#removedAt) >= RETENTION_MS) {
      this.#removedAt = wall;
      const removed = await removeOldDays(this.#folders.accepted, retentionMs, wall, this.#files);
      if (removed.length > 0) this.#supervisor.log('info', 'removed old accepted files', { days: removed });
    }
    await this.#remarkRejected();
    await this.#remarkLate();
  }

  async #retry(): Promise<void> {
    const later = [...this.#later.values()];
    this.#later.clear();
    await this.#taking.process(later.map(({ taken }) => taken));
    if (this.#stranded.size === 0) return;
    for (const { leaving } of this.#stranded.values()) this.#movingOn.add(leaving);
    await this.#movingOn.idle();
  }

  async #look(): Promise<{ settled: Settled[]; nextMs: number; pending: number }> {
    const names = await this.#files.names(this.#folders.inbox);
    const settled: Settled[] = [];
    const leftAlone: string[] = [];
    let nextMs = rescanMs;
    let pending = 0;
    await eachBounded(names, callsMax, async (name) => {
      if (isLeftAlone(name)) return;
      const status = await this.#files.status(join(this.#folders.inbox, name));
      // Gone again; or its name is not UTF-8, and what was read in its place names nothing.
      if (status === null) {
        if (name.includes('\ufffd')) leftAlone.push(`${name} (its name is not UTF-8)`);
        return;
      }
      if (status.kind === 'folder') leftAlone.push(`${name} (a folder)`);
      else if (formatOf(name) === null) leftAlone.push(name);
      else {
        pending += 1;
        const now = { wall: this.#options.clock.wall(), monotonic: this.#options.clock.monotonic() };
        const leftMs = this.#settling.look({ name, signature: status.signature, modifiedAt: status.modifiedAt }, now);
        if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
        else settled.push({ name, bytes: status.kind === 'file' ? status.bytes : 0 });
      }
    });
    const there = new Set(names);
    this.#settling.keep(there);
    this.#writers.keep(there);
    this.#remarks.about('inbox_left_alone', leftAlone);
    const now = this.#options.clock.monotonic();
    this.#remarks.about('inbox_growing', this.#settling.growing(now));
    this.#remarks.about('inbox_open', this.#writers.long(now));
    return { settled, nextMs, pending };
  }

  #remarkTroubles(): void {
    const stranded = [...this.#stranded.values()].map(({ leaving, reason }) => `${leaving.taken.name} (${reason})`);
    this.#remarks.about('inbox_stuck', [...this.#stuck, ...stranded, ...this.#left]);
    this.#remarks.about(
      'inbox_waiting',
      [...this.#later.values()].map(({ taken, reason }) => `${taken.name} (${reason})`),
    );
    this.#remarks.about('inbox_unwatched', this.#blind === null ? [] : [this.#blind.reason]);
  }

  async #remarkRejected(): Promise<void> {
    const ending = '.error.json';
    const names = await this.#files.names(this.#folders.rejected).catch(() => []);
    this.#remarks.about(
      'inbox_rejected',
      names
        .filter((name) => name.endsWith(ending))
        .map((name) => name.slice(0, -ending.length))
        .sort(),
    );
  }

  /** Named by where they are: `accepted/2026-11-22/feed.ndjson`. */
  async #remarkLate(): Promise<void> {
    const late = await this.#afterwards.late(this.#options.clock.monotonic());
    this.#remarks.about('inbox_late', late.map((path) => relative(this.#folders.data, path)).sort());
  }

  async #openForWriting(names: readonly string[]): Promise<ReadonlySet<string>> {
    const open = await this.#files.openForWriting(names.map((name) => join(this.#folders.inbox, name)));
    return new Set([...open].map((path) => basename(path)));
  }

  #makeMovingOn(): MovingOn {
    return new MovingOn({
      folders: this.#folders,
      files: this.#files,
      wall: () => this.#options.clock.wall(),
      step: (name) => this.#options.step?.(name),
      moved: (batch) => this.#moved(batch),
      stuck: (leaving, error) => {
        this.#stranded.set(leaving.taken.id, { leaving, reason: codeOf(error) });
        this.#remarkTroubles();
        this.#pace.within(laterMs);
      },
    });
  }

  #moved(batch: readonly Moved[]): void {
    for (const { taken } of batch) this.#stranded.delete(taken.id);
    const accepted = batch.filter(({ rejection }) => rejection === null);
    if (accepted.length > 0) this.#supervisor.settled(accepted.map(({ taken }) => taken.id));
    const held = accepted.flatMap(({ target, readAs }) =>
      target !== null && readAs !== undefined ? [{ path: target, signature: readAs }] : [],
    );
    this.#afterwards.hold(held, this.#options.clock.monotonic());
    const rejected = batch.filter(({ rejection }) => rejection !== null);
    this.#counts.rejected += rejected.length;
    for (const { taken, rejection } of rejected) {
      const { path, line, column, message } = rejection?.mistakes[0] ?? {};
      this.#supervisor.log('warn', 'rejected a file', { file: taken.name, path, line, column, message });
    }
    if (rejected.length > 0) void this.#remarkRejected();
  }

  #makeTaking(): Taking {
    const options = this.#options;
    const ours = [0, process.getuid?.() ?? 0];
    return new Taking({
      folders: this.#folders,
      reading: {
        files: this.#files,
        apart: this.#apart,
        clock: this.#options.clock,
        get settleMs() {
          return options.settleMs;
        },
        get owners() {
          return new Set([...ours, ...options.owners]);
        },
        stopped: () => this.#stopped,
      },
      supervisor: this.#supervisor,
      movingOn: this.#movingOn,
      newId: this.#options.newId ?? v7,
      step: (name) => this.#options.step?.(name),
      accepted: (taken, contents) => {
        const [tasks, schedules] = [contents.tasks.length, contents.schedules.length];
        this.#counts.accepted += 1;
        this.#counts.tasks += tasks;
        this.#counts.schedules += schedules;
        this.#supervisor.log('info', 'accepted a file', {
          file: taken.name,
          tasks,
          ...(schedules > 0 && { schedules }),
          ...(contents.runs.length > 0 && { runs: contents.runs.length }),
        });
      },
      later: (taken, reason) => {
        this.#later.set(taken.id, { taken, reason });
        this.#pace.within(laterMs);
      },
      left: (taken, error) => {
        this.#left.push(`${taken.name} (${codeOf(error)}; the next start decides)`);
        this.#supervisor.log('error', 'a file waits for the next start', { file: taken.name, error });
      },
    });
  }
}
