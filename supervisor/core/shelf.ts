/**
 * Whose turn it is among lines of tasks: those of one priority take turns, and between priorities the higher goes first.
 *
 * Effective priority rises by one for each `agingMs` that the line whose turn it is has been passed over, so low ones
 * are not starved. It is counted from the line's last turn, not from the age of its tasks: else an old backlog would go
 * before whatever is asked for later, however urgent, until it is worked off.
 */
import type { Task, TaskOptions } from './task.ts';

export interface Line {
  readonly key: string;
  readonly priority: number;
  readonly type: string;
  readonly group: string | null;
  /** Run and stage of its tasks. */
  readonly run: TaskOptions['run'];
  head: Task | null;
  tail: Task | null;
  size: number;
  /** When a task was last taken from it, ms since 1970. */
  servedAt: number;
  shelf: Shelf | null;
  previous: Line | null;
  next: Line | null;
  /** Parked under this, or null. */
  blockedBy: string | null;
  /** Released by this and not yet claimed from: if it leaves unused, the next one parked there gets its turn. */
  wokenBy: string | null;
}

/** The lines of one priority, in the order of their turns. */
interface Circle {
  readonly priority: number;
  first: Line | null;
  last: Line | null;
}

export class Shelf {
  readonly #circles: Circle[] = [];
  /** The line that was given back last since `letGo`. */
  #givenBack: Line | null = null;

  get empty(): boolean {
    return this.#circles.length === 0;
  }

  /** Of the lines whose turn it is among their priority, the one of the highest effective priority; of equal ones who waited longest. */
  first(now: number, agingMs: number): Line | null {
    let best: Line | null = null;
    let highest = Number.NEGATIVE_INFINITY;
    for (const { first } of this.#circles) {
      const line = first as Line;
      const level = line.priority + Math.max(0, Math.floor((now - waitsSince(line)) / agingMs));
      if (level < highest || (level === highest && waitsSince(line) >= waitsSince(best as Line))) continue;
      best = line;
      highest = level;
    }
    return best;
  }

  push(line: Line): void {
    this.#insert(line, this.#circleOf(line).last);
  }

  /** From now on what is given back stands at the front again. */
  letGo(): void {
    this.#givenBack = null;
  }

  /**
   * Takes back a line that was let go and not served: to the front, behind those given back before it. At the end, lines
   * that are let go many at a time and served one at a time could miss their turn for good.
   */
  giveBack(line: Line): void {
    const before = this.#givenBack?.priority === line.priority ? this.#givenBack : null;
    this.#insert(line, before);
    this.#givenBack = line;
  }

  #circleOf({ priority }: Line): Circle {
    for (const circle of this.#circles) if (circle.priority === priority) return circle;
    const circle: Circle = { priority, first: null, last: null };
    this.#circles.push(circle);
    // The highest first: of lines that are equal in all else the one of the higher priority is served.
    this.#circles.sort((a, b) => b.priority - a.priority);
    return circle;
  }

  /** @param before the line it stands behind, or null for the front */
  #insert(line: Line, before: Line | null): void {
    const circle = this.#circleOf(line);
    line.shelf = this;
    line.previous = before;
    line.next = before ? before.next : circle.first;
    if (line.next) line.next.previous = line;
    else circle.last = line;
    if (before) before.next = line;
    else circle.first = line;
  }

  remove(line: Line): void {
    const circle = this.#circleOf(line);
    if (this.#givenBack === line) this.#givenBack = line.previous;
    if (line.previous) line.previous.next = line.next;
    else circle.first = line.next;
    if (line.next) line.next.previous = line.previous;
    else circle.last = line.previous;
    line.previous = line.next = line.shelf = null;
    if (!circle.first) this.#circles.splice(this.#circles.indexOf(circle), 1);
  }
}

/** Since when a line has been passed over. */
function waitsSince({ head, servedAt }: Line): number {
  return Math.max((head as Task).at, servedAt);
}
