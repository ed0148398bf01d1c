/**
 * From the inbox to durable tasks, schedules and runs. A file is renamed into `.taking/` under a fresh id and both folders are synced
 * before it is read; then the supervisor journals id and contents together. So a crash at any moment leaves a file whose id is
 * known, which is moved on, or unknown, which is read again.
 */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Refusal } from '../core/refusal.ts';
import { eachBounded } from './bounded.ts';
import { codeOf } from './files.ts';
import type { InboxFolders } from './folders.ts';
import type { InboxSupervisor } from './inbox-options.ts';
import { batchBytesMax, batchFilesMax, callsMax, sliceMsMax } from './intake-limits.ts';
import type { MovingOn, Rejection } from './moving-on.ts';
import { shortened, takenName } from './names.ts';
import { isLarge, type Reading, readTaken, type Taken } from './taken-file.ts';
import { bytesMaxOf, type FileContents, formatOf, placeMistakes, wrong } from './task-file.ts';

export interface Settled {
  readonly name: string;
  readonly bytes: number;
}

export interface TakingOptions {
  readonly folders: InboxFolders;
  readonly reading: Reading;
  readonly supervisor: InboxSupervisor;
  readonly movingOn: MovingOn;
  readonly newId: () => string;
  readonly step: (name: string) => void;
  readonly accepted: (taken: Taken, contents: FileContents) => void;
  /** The supervisor takes no work just now, or the file cannot be read. */
  readonly later: (taken: Taken, reason: string) => void;
  /** Its contents may or may not be journaled, or the disk failed: only the next start can tell. */
  readonly left: (taken: Taken, error: unknown) => void;
}

/** Together they stay in memory until they are durable: so many files and bytes, the bytes of large ones aside. */
function* batches(settled: readonly Settled[]): Generator<Settled[]> {
  let batch: Settled[] = [];
  let bytes = 0;
  for (const one of settled) {
    if (batch.length >= batchFilesMax || bytes >= batchBytesMax) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(one);
    if (!isLarge(one.bytes, formatOf(one.name))) bytes += one.bytes;
  }
  if (batch.length > 0) yield batch;
}

interface Read {
  readonly contents: FileContents;
  readonly signature: string;
}

const LATER: readonly string[] = ['disk_full', 'draining', 'rate_limited'];

export class Taking {
  readonly #options: TakingOptions;
  /** Large files go one by one beside the others, which need not wait for them. */
  #large: Promise<void> = Promise.resolve();

  constructor(options: TakingOptions) {
    this.#options = options;
  }

  /**
   * Until all but the large ones are durable, rejected or put off.
   * @param stuck hears of files that could not be taken and stay in the inbox
   */
  async take(settled: readonly Settled[], stuck: (name: string, error: unknown) => void): Promise<void> {
    const { movingOn, reading } = this.#options;
    movingOn.hold();
    try {
      await this.#take(settled, stuck, reading.stopped);
    } finally {
      movingOn.release();
    }
  }

  async #take(
    settled: readonly Settled[],
    stuck: (name: string, error: unknown) => void,
    stopped: () => boolean,
  ): Promise<void> {
    for (const batch of batches(settled)) {
      if (stopped()) return;
      const taken: Taken[] = [];
      const large: Taken[] = [];
      await eachBounded(batch, callsMax, async ({ name, bytes }) => {
        const one = await this.#rename(name, stuck);
        if (one) (isLarge(bytes, formatOf(name)) ? large : taken).push(one);
      });
      if (!(await this.#syncFolders([...taken, ...large]))) continue;
      await this.process(taken);
      for (const one of large) this.#large = this.#large.then(() => (stopped() ? undefined : this.process([one])));
    }
  }

  /** Until the large ones are done as well. */
  async idle(): Promise<void> {
    await this.#large;
  }

  /** Files in `.taking/` whose ids the supervisor does not know. */
  async process(taken: readonly Taken[]): Promise<void> {
    const submits: Promise<void>[] = [];
    const { clock } = this.#options.reading;
    let pausedAt = clock.monotonic();
    await eachBounded(taken, callsMax, async (one) => {
      if (clock.monotonic() - pausedAt > sliceMsMax) {
        await setImmediate();
        pausedAt = clock.monotonic();
      }
      const read = await this.#read(one);
      if (read) submits.push(this.#submit(one, read));
    });
    await Promise.all(submits);
  }

  async #rename(name: string, stuck: (name: string, error: unknown) => void): Promise<Taken | null> {
    const { folders, reading, newId, step } = this.#options;
    const id = newId();
    const path = join(folders.taking, takenName(id, name));
    try {
      await reading.files.move(join(folders.inbox, name), path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') stuck(name, error);
      return null;
    }
    step('renamed');
    return { id, name: shortened(name), path };
  }

  async #syncFolders(taken: readonly Taken[]): Promise<boolean> {
    const { folders, reading, step } = this.#options;
    if (taken.length === 0) return false;
    try {
      await reading.files.syncFolder(folders.taking);
      await reading.files.syncFolder(folders.inbox);
    } catch (error) {
      // The rename may be undone by a power cut, and the file taken again: nothing of it may be journaled.
      for (const one of taken) this.#options.left(one, error);
      return false;
    }
    step('taking synced');
    return true;
  }

  async #read(taken: Taken): Promise<Read | null> {
    try {
      const found = await readTaken(taken, this.#options.reading);
      this.#options.step('read');
      if (found === null) return null;
      const { file, signature } = found;
      if (file.ok) return { contents: file, signature };
      this.#options.movingOn.add({ taken, rejection: file });
    } catch (error) {
      this.#options.later(taken, (error as Error).message);
    }
    return null;
  }

  async #submit(taken: Taken, { contents, signature }: Read): Promise<void> {
    const { supervisor, movingOn, step } = this.#options;
    try {
      await supervisor.submit(taken.id, taken.name, contents);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'outcome_unknown') this.#options.left(taken, error);
      else if (LATER.includes(error.code)) this.#options.later(taken, error.message);
      else movingOn.add({ taken, rejection: await this.#rejection(taken, error) });
      return;
    }
    step('submitted');
    this.#options.accepted(taken, contents);
    movingOn.add({ taken, rejection: null, readAs: signature });
  }

  async #rejection(taken: Taken, refusal: Refusal): Promise<Rejection> {
    const plain = wrong(refusal.code, `was refused (${refusal.code}): ${refusal.message}`) as Rejection;
    const format = formatOf(taken.name);
    if (refusal.mistakes.length === 0 || format === null) return plain;
    try {
      const { bytes } = await this.#options.reading.files.read(taken.path, bytesMaxOf(format));
      if (bytes === null) return plain;
      const mistakes = placeMistakes(bytes, format, refusal.mistakes, refusal.code);
      return { mistakes, more: refusal.mistakes.length - mistakes.length };
    } catch {
      return plain;
    }
  }
}
