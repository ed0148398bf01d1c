/**
 * What attempts say while they run. Lines of all attempts stand mixed in one file a day; an attempt that has filled its
 * share there goes on in a file of its own. All its lines stand in files of the day of its first line, so that one place
 * finds them, even for an attempt that lasts past midnight.
 *
 * Logs are worth less than the work: on a disk that refuses them lines are left out and counted, and nothing else.
 */
import { join } from 'node:path';
import type { LogPlace } from '../core/task.ts';
import { dayOf, LogFolder, type LogFolderOptions, type PurgeReport } from './log-folder.ts';
import { clip, formatLine, type LogLine } from './log-line.ts';
import { pickLines } from './log-read.ts';

export const attemptLogBytesMax = 10 * 1024 * 1024;
const attemptLogSharedBytesMax = 64 * 1024;
/** An attempt without a place is looked for in the files of so many days. */
const daysSearchedMax = 32;
/** Kept free so that the line that counts what was left out has room. */
const closingBytes = 512;
const PLACE_FILE = /^\d{4}-\d{2}-\d{2}\.ndjson$/;

/** An attempt that has said something and has not ended. */
interface ActiveLog {
  readonly day: string;
  /** Where its first line begins and its last one ends in the day's file; null before there is one. */
  span: { from: number; to: number } | null;
  /** What it wrote itself. */
  bytes: number;
  /** End of its own file; 0 before there is one. */
  bigEnd: number;
  leftOutLines: number;
  leftOutBytes: number;
}

interface Follower {
  /** Lines that came while what was written before is still being read; null once that is done. */
  waiting: LogLine[] | null;
  ended: boolean;
  readonly onLine: (line: LogLine) => void;
  readonly onEnd: () => void;
}

export class AttemptLog {
  readonly #folder: LogFolder;
  readonly #now: () => number;
  readonly #active = new Map<string, ActiveLog>();
  readonly #followers = new Map<string, Set<Follower>>();
  #leftOutLines = 0;

  static async open(options: LogFolderOptions): Promise<AttemptLog> {
    return new AttemptLog(await LogFolder.open(options), () => options.clock.wall());
  }

  private constructor(folder: LogFolder, now: () => number) {
    this.#folder = folder;
    folder.daysInUse = () => this.#daysInUse();
    this.#now = now;
  }

  /** Lines left out since the start: over a limit, or refused by the disk for too long. */
  get leftOutLines(): number {
    return this.#leftOutLines;
  }

  get bytes(): number {
    return this.#folder.bytes;
  }

  write(taskId: string, attempt: number, given: LogLine): void {
    const key = keyOf(taskId, attempt);
    const line = { at: given.at, level: given.level, text: clip(given.text) };
    const log = this.#active.get(key) ?? this.#begin(key);
    const text = formatLine(taskId, attempt, line);
    const bytes = Buffer.byteLength(text);
    if (log.bytes + bytes > attemptLogBytesMax - closingBytes || this.#folder.refuses(bytes)) {
      log.leftOutLines += 1;
      log.leftOutBytes += bytes;
      this.#leftOutLines += 1;
    } else {
      this.#put(log, taskId, attempt, text, bytes);
    }
    for (const follower of this.#followers.get(key) ?? []) {
      if (follower.waiting) follower.waiting.push(line);
      else follower.onLine(line);
    }
  }

  #begin(key: string): ActiveLog {
    const day = dayOf(this.#now());
    const log: ActiveLog = { day, span: null, bytes: 0, bigEnd: 0, leftOutLines: 0, leftOutBytes: 0 };
    this.#active.set(key, log);
    return log;
  }

  #put(log: ActiveLog, taskId: string, attempt: number, text: string, bytes: number): void {
    log.bytes += bytes;
    if (log.bigEnd > 0 || (log.bytes > attemptLogSharedBytesMax && log.span)) {
      log.bigEnd = this.#folder.put(bigName(log.day, taskId, attempt), text).to;
      return;
    }
    const { from, to } = this.#folder.put(dayName(log.day), text);
    if (log.span) log.span.to = to;
    else log.span = { from, to };
  }

  /** To be called for every attempt, silent or not. @returns where its log stands, or null when it has none */
  end(taskId: string, attempt: number): LogPlace | null {
    const key = keyOf(taskId, attempt);
    const log = this.#active.get(key);
    if (log) this.#close(key, log, taskId, attempt);
    for (const follower of this.#followers.get(key) ?? []) {
      follower.ended = true;
      if (!follower.waiting) follower.onEnd();
    }
    this.#followers.delete(key);
    if (!log?.span) return null;
    return { file: dayName(log.day), offset: log.span.from, bytes: log.span.to - log.span.from };
  }

  #close(key: string, log: ActiveLog, taskId: string, attempt: number): void {
    this.#active.delete(key);
    if (log.leftOutLines > 0) {
      const text = `${log.leftOutLines} lines (${log.leftOutBytes} bytes) more were not kept`;
      const closing = formatLine(taskId, attempt, { at: this.#now(), level: 'warn', text });
      const bytes = Buffer.byteLength(closing);
      if (!this.#folder.refuses(bytes)) this.#put(log, taskId, attempt, closing, bytes);
    }
    if (log.bigEnd > 0) void this.#folder.release(bigName(log.day, taskId, attempt));
    if (log.day !== dayOf(this.#now()) && !this.#daysInUse().has(log.day)) void this.#folder.release(dayName(log.day));
  }

  #daysInUse(): Set<string> {
    return new Set([...this.#active.values()].map(({ day }) => day));
  }

  /**
   * Lines of an attempt, as far as they are kept.
   * @param place as `end` gave it; null for an attempt cut off by a crash, which is then looked for in the files of the
   * days from `startedAt` to `finishedAt` (ms since 1970)
   */
  async read(
    taskId: string,
    attempt: number,
    place: LogPlace | null,
    startedAt: number,
    finishedAt: number | null,
  ): Promise<readonly LogLine[]> {
    const log = this.#active.get(keyOf(taskId, attempt));
    if (log) return this.#readActive(log, taskId, attempt);
    if (place) {
      if (!PLACE_FILE.test(place.file)) return [];
      return this.#readSpan(place.file, place.offset, place.offset + place.bytes, taskId, attempt);
    }
    const last = dayOf(finishedAt ?? this.#now());
    for (const file of this.#folder.daysBetween(dayOf(startedAt), last, daysSearchedMax)) {
      const lines = await this.#readSpan(file, 0, null, taskId, attempt);
      if (lines.length > 0) return lines;
    }
    return [];
  }

  /** As it stands at the call: what is written while it is read does not show. */
  async #readActive(log: ActiveLog, taskId: string, attempt: number): Promise<LogLine[]> {
    const { span, bigEnd } = log;
    const lines = span ? await this.#pick(dayName(log.day), span.from, span.to, taskId, attempt) : [];
    return bigEnd === 0
      ? lines
      : [...lines, ...(await this.#pick(bigName(log.day, taskId, attempt), 0, bigEnd, taskId, attempt))];
  }

  async #readSpan(file: string, from: number, to: number | null, taskId: string, attempt: number): Promise<LogLine[]> {
    const lines = await this.#pick(file, from, to, taskId, attempt);
    const big = bigName(file.slice(0, 10), taskId, attempt);
    return this.#folder.has(big) ? [...lines, ...(await this.#pick(big, 0, null, taskId, attempt))] : lines;
  }

  async #pick(name: string, from: number, to: number | null, taskId: string, attempt: number): Promise<LogLine[]> {
    // Removed by age, by hand, or unreadable: what is left of the log is no reason to fail.
    const file = await this.#folder.reader(name).catch(() => null);
    if (!file) return [];
    try {
      return await pickLines(file.read, from, Math.min(to ?? file.size, file.size), taskId, attempt);
    } catch {
      return [];
    } finally {
      await file.close();
    }
  }

  /**
   * Lines of a running attempt, from its first one on, as they come; `onEnd` after the last.
   * @returns call it to stop
   */
  follow(taskId: string, attempt: number, onLine: (line: LogLine) => void, onEnd: () => void): () => void {
    const key = keyOf(taskId, attempt);
    const follower: Follower = { waiting: [], ended: false, onLine, onEnd };
    const followers = this.#followers.get(key) ?? new Set();
    this.#followers.set(key, followers.add(follower));
    let stopped = false;
    const log = this.#active.get(key);
    const before = log ? this.#readActive(log, taskId, attempt) : Promise.resolve([]);
    void before.then((lines) => {
      if (stopped) return;
      for (const line of [...lines, ...(follower.waiting ?? [])]) onLine(line);
      follower.waiting = null;
      if (follower.ended) onEnd();
    });
    return () => {
      stopped = true;
      followers.delete(follower);
      if (followers.size === 0 && this.#followers.get(key) === followers) this.#followers.delete(key);
    };
  }

  /** Removes what is too old, or the oldest when there is too much. Never rejects. */
  purge(now: number): Promise<PurgeReport> {
    return this.#folder.purge(now);
  }

  /** Writes what is pending. Never rejects. */
  close(): Promise<void> {
    return this.#folder.close();
  }
}

function keyOf(taskId: string, attempt: number): string {
  return `${taskId} ${attempt}`;
}

function dayName(day: string): string {
  return `${day}.ndjson`;
}

function bigName(day: string, taskId: string, attempt: number): string {
  return join('big', `${day}-${taskId}-${attempt}.ndjson`);
}
