/** The log of an attempt as text, and followed while it grows: first what stands there, then each line as it comes. */
import { Readable } from 'node:stream';
import type { Clock } from '../supervisor/clock.ts';
import { Refusal } from '../supervisor/core/refusal.ts';
import type { Facade, LiveLine } from '../supervisor/facade.ts';
import { followedLinesBufferMax, logFollowersMax } from './limits.ts';

export function logText(lines: readonly LiveLine[]): string {
  return lines.map(lineText).join('');
}

function lineText(line: LiveLine): string {
  return `${new Date(line.at).toISOString()} ${line.level.padEnd(6)} ${line.text}\n`;
}

export class LogStreams {
  readonly #facade: Facade;
  readonly #clock: Clock;
  readonly #followers = new Set<LogFollower>();

  constructor(facade: Facade, clock: Clock) {
    this.#facade = facade;
    this.#clock = clock;
  }

  /** Ends with the attempt. A task that has not been tried yet is waited for. */
  async follow(id: string, attempt: number | null): Promise<Readable> {
    if (this.#followers.size >= logFollowersMax)
      throw new Refusal('rate_limited', `${logFollowersMax} logs are followed already; close one`);
    const follower = new LogFollower(() => this.#followers.delete(follower));
    this.#followers.add(follower);
    try {
      await this.#attach(follower, id, attempt);
      return follower;
    } catch (thrown) {
      follower.destroy();
      throw thrown;
    }
  }

  endAll(): void {
    for (const follower of this.#followers) follower.finish();
  }

  /** Listens before it reads, so that no line falls between the two; what came twice is dropped. */
  async #attach(follower: LogFollower, id: string, attempt: number | null): Promise<void> {
    follower.unfollow();
    const line = (line: LiveLine) => follower.line(line);
    follower.stop = this.#facade.followLog(id, attempt, line, () => follower.ended());
    const log = await this.#facade.log(id, attempt);
    if (log) {
      follower.begin(log.lines);
      if (log.ended) follower.ended();
      return;
    }
    follower.unfollow();
    const task = await this.#facade.task(id);
    if (!task) throw new Refusal('not_found', `There is no task ${id}`);
    if (attempt !== null && attempt <= task.attempt)
      throw new Refusal('not_found', `The log of attempt ${attempt} of task ${id} is not kept`);
    if (task.finishedAt !== null) return follower.finish();
    this.#await(follower, id, attempt);
  }

  /** Looks again after the next event about this task. */
  #await(follower: LogFollower, id: string, attempt: number | null): void {
    const stop = this.#facade.events.subscribe((events) => {
      if (!events.some((event) => event.task === id)) return;
      stop();
      // Let whoever published finish: the log may be known only after its event.
      this.#clock.after(0, () => {
        if (!follower.destroyed) this.#attach(follower, id, attempt).catch(() => follower.destroy());
      });
    });
    follower.stop = stop;
  }
}

class LogFollower extends Readable {
  readonly #left: () => void;
  /** Ends whatever feeds it. */
  stop: (() => void) | null = null;
  #begun = false;
  #over = false;
  #hungry = false;
  #waiting: LiveLine[] = [];
  #leftOut = 0;
  #text = '';

  constructor(left: () => void) {
    super();
    this.#left = left;
  }

  /** What came from an attempt that turned out not to be there is forgotten. */
  unfollow(): void {
    this.stop?.();
    this.stop = null;
    if (this.#begun) return;
    this.#waiting = [];
    this.#over = false;
  }

  /** @param lines those there so far; the first of those that came meanwhile may be among them */
  begin(lines: readonly LiveLine[]): void {
    const meanwhile = this.#waiting;
    this.#waiting = meanwhile.slice(overlap(lines, meanwhile));
    this.#text = logText(lines);
    this.#begun = true;
    this.#pump();
  }

  /** Nothing more will come. */
  finish(): void {
    this.#begun = true;
    this.ended();
  }

  line(line: LiveLine): void {
    if (this.#waiting.length < followedLinesBufferMax) this.#waiting.push(line);
    else this.#leftOut++;
    this.#pump();
  }

  ended(): void {
    this.#over = true;
    this.#pump();
  }

  override _read(): void {
    this.#hungry = true;
    this.#pump();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.unfollow();
    this.#left();
    done(error);
  }

  #pump(): void {
    if (!this.#begun || !this.#hungry || this.destroyed || this.readableEnded) return;
    const text = this.#text + logText(this.#waiting) + this.#gapText();
    this.#text = '';
    this.#waiting = [];
    if (text !== '') this.#hungry = this.push(text);
    if (this.#over) {
      this.#hungry = false;
      this.push(null);
    }
  }

  #gapText(): string {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut === 0
      ? ''
      : `… ${leftOut} lines left out here, because they came faster than they were read; the log itself has them\n`;
  }
}

/** How many of the first lines that came are the last ones that stood there. */
function overlap(stood: readonly LiveLine[], came: readonly LiveLine[]): number {
  for (let length = Math.min(stood.length, came.length); length > 0; length--) {
    const from = stood.length - length;
    if (came.slice(0, length).every((line, index) => same(line, stood[from + index]))) return length;
  }
  return 0;
}

function same(one: LiveLine, other: LiveLine | undefined): boolean {
  return other !== undefined && one.at === other.at && one.level === other.level && one.text === other.text;
}
