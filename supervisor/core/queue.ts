/**
 * The ready queue: tasks that may run now, in lines.
 *
 * A line holds the tasks of one priority × run × type × group, first come first served. Lines stand on shelves by
 * effective priority and are served round robin, so that a run of 50,000 tasks does not starve a run of three. A line
 * that may not run now (its type is paused, its group is full …) is parked under what blocks it, and comes back
 * when that is released: a claim never scans past blocked work.
 *
 * Effective priority rises by one for each `agingMs` the head of a line has waited, so low ones are not starved.
 */
import { Heap } from './heap.ts';
import { agingMs } from './limits.ts';
import type { Task, TaskOptions } from './task.ts';

/** Above every aged priority: a task asked to the front. */
const promotedPriority = 1_000_000;

export interface Line {
  readonly key: string;
  readonly priority: number;
  readonly type: string;
  readonly group: string | null;
  head: Task | null;
  tail: Task | null;
  size: number;
  /** Effective priority at which it stands on its shelf. */
  level: number;
  shelf: Shelf | null;
  previous: Line | null;
  next: Line | null;
  /** Parked under this, or null. */
  blockedBy: string | null;
  /** Released by this and not yet claimed from: if it leaves unused, the next one parked there gets its turn. */
  wokenBy: string | null;
  agingArmed: boolean;
}

/** What keeps a line from being claimed from, or null. */
export type Gate = (line: Line) => string | null;

interface Level {
  first: Line | null;
  last: Line | null;
}

/** Lines by level, the highest first, each level first come first served. */
class Shelf {
  readonly #levels = new Map<number, Level>();
  #heights: number[] = [];
  /** The line that was given back last since `letGo`. */
  #givenBack: Line | null = null;

  get empty(): boolean {
    return this.#heights.length === 0;
  }

  first(): Line | null {
    const height = this.#heights[0];
    return height === undefined ? null : (this.#levels.get(height) as Level).first;
  }

  push(line: Line): void {
    this.#insert(line, this.#level(line.level).last);
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
    const before = this.#givenBack?.level === line.level ? this.#givenBack : null;
    this.#insert(line, before);
    this.#givenBack = line;
  }

  #level(height: number): Level {
    const known = this.#levels.get(height);
    if (known) return known;
    const level: Level = { first: null, last: null };
    this.#levels.set(height, level);
    const at = this.#heights.findIndex((other) => other < height);
    this.#heights.splice(at === -1 ? this.#heights.length : at, 0, height);
    return level;
  }

  /** @param before the line it stands behind, or null for the front */
  #insert(line: Line, before: Line | null): void {
    const level = this.#level(line.level);
    line.shelf = this;
    line.previous = before;
    line.next = before ? before.next : level.first;
    if (line.next) line.next.previous = line;
    else level.last = line;
    if (before) before.next = line;
    else level.first = line;
  }

  remove(line: Line): void {
    const level = this.#levels.get(line.level) as Level;
    if (this.#givenBack === line) this.#givenBack = line.previous;
    if (line.previous) line.previous.next = line.next;
    else level.first = line.next;
    if (line.next) line.next.previous = line.previous;
    else level.last = line.previous;
    line.previous = line.next = line.shelf = null;
    if (level.first) return;
    this.#levels.delete(line.level);
    this.#heights = this.#heights.filter((height) => height !== line.level);
  }
}

export class ReadyQueue {
  readonly #lines = new Map<string, Line>();
  readonly #open = new Shelf();
  readonly #parked = new Map<string, Shelf>();
  readonly #aging = new Heap<Line>();
  readonly #agingMs: number;
  #size = 0;
  /** The line asked for last: tasks mostly come in rows of their kind. */
  #recent: { readonly options: TaskOptions; readonly line: Line } | null = null;

  constructor(aging: number = agingMs) {
    this.#agingMs = aging;
  }

  get size(): number {
    return this.#size;
  }

  lines(): IterableIterator<Line> {
    return this.#lines.values();
  }

  /** Puts a task at the end of its line. Its `at` is the moment it became ready. */
  push(task: Task): void {
    const line = this.#lineOf(task);
    task.line = line;
    task.previous = line.tail;
    task.next = null;
    if (line.tail) line.tail.next = task;
    else line.head = task;
    line.tail = task;
    this.#added(line);
  }

  /** Puts a task at the front of its line: it had its turn and gave it back. */
  unshift(task: Task): void {
    const line = this.#lineOf(task);
    task.line = line;
    task.next = line.head;
    task.previous = null;
    if (line.head) line.head.previous = task;
    else line.tail = task;
    line.head = task;
    this.#added(line);
  }

  remove(task: Task): void {
    const line = task.line;
    if (!line) return;
    if (task.previous) task.previous.next = task.next;
    else line.head = task.next;
    if (task.next) task.next.previous = task.previous;
    else line.tail = task.previous;
    task.line = task.previous = task.next = null;
    line.size--;
    this.#size--;
    if (line.size === 0) this.#drop(line);
  }

  /**
   * The task whose turn it is, left where it stands; null when nothing may run.
   * @param gate asked once for each line that comes to the front; a line it blocks is parked until `release`
   */
  first(now: number, gate: Gate): Task | null {
    this.#age(now);
    for (;;) {
      const line = this.#open.first();
      if (!line) return null;
      if (this.#levelOf(line, now) < line.level) {
        // Its oldest task has left: it stands too high.
        this.#open.remove(line);
        line.level = this.#levelOf(line, now);
        this.#open.push(line);
        continue;
      }
      const block = gate(line);
      if (block === null) return line.head;
      this.#park(line, block);
    }
  }

  /** Takes a claimed task out; its line goes behind the others of its level. */
  take(task: Task, now: number): void {
    const { line } = task;
    if (!line) return;
    line.wokenBy = null;
    this.remove(task);
    if (line.size === 0 || line.shelf !== this.#open) return;
    this.#open.remove(line);
    line.level = this.#levelOf(line, now);
    this.#open.push(line);
  }

  /** What blocked may go on: `count` lines come back, the highest first. */
  release(block: string, count: number): void {
    const shelf = this.#parked.get(block);
    shelf?.letGo();
    for (let left = count; shelf && left > 0; left--) {
      const line = shelf.first();
      if (!line) break;
      shelf.remove(line);
      line.blockedBy = null;
      line.wokenBy = block;
      this.#open.push(line);
    }
    if (shelf?.empty) this.#parked.delete(block);
  }

  /** Everything parked under blocks that `which` names comes back, e.g. after the limits changed. */
  releaseAll(which: (block: string) => boolean = () => true): void {
    for (const block of [...this.#parked.keys()]) if (which(block)) this.release(block, Number.POSITIVE_INFINITY);
  }

  isParked(block: string): boolean {
    return this.#parked.has(block);
  }

  parkedBlocks(): IterableIterator<string> {
    return this.#parked.keys();
  }

  #park(line: Line, block: string): void {
    this.#open.remove(line);
    let shelf = this.#parked.get(block);
    if (!shelf) {
      shelf = new Shelf();
      this.#parked.set(block, shelf);
    }
    line.blockedBy = block;
    if (line.wokenBy === block) shelf.giveBack(line);
    else shelf.push(line);
    this.#passOn(line, block);
  }

  /** A line released by one block and not served hands its turn to the next one parked there. */
  #passOn(line: Line, parkedUnder: string | null): void {
    const woken = line.wokenBy;
    line.wokenBy = null;
    if (woken !== null && woken !== parkedUnder) this.release(woken, 1);
  }

  /** An empty line stays known until its turn to age comes: tasks that come one by one would make it anew each time. */
  #drop(line: Line): void {
    const { shelf, blockedBy } = line;
    shelf?.remove(line);
    line.blockedBy = null;
    if (blockedBy !== null && shelf?.empty) this.#parked.delete(blockedBy);
    this.#passOn(line, null);
  }

  #added(line: Line): void {
    line.size++;
    this.#size++;
    if (line.shelf) return;
    line.level = line.priority;
    this.#open.push(line);
    if (!line.agingArmed) this.#arm(line);
  }

  #arm(line: Line): void {
    line.agingArmed = true;
    const steps = line.level - line.priority + 1;
    this.#aging.push((line.head as Task).at + steps * this.#agingMs, line);
  }

  /** The time in the heap is a lower bound: heads that came later rise later, and are looked at again then. */
  #age(now: number): void {
    while (this.#aging.earliest <= now) {
      const line = this.#aging.pop() as Line;
      line.agingArmed = false;
      if (line.size === 0) {
        this.#lines.delete(line.key);
        this.#recent = null;
        continue;
      }
      const level = this.#levelOf(line, now);
      const shelf = line.shelf as Shelf;
      if (level !== line.level) {
        shelf.remove(line);
        line.level = level;
        shelf.push(line);
      }
      this.#arm(line);
    }
  }

  #levelOf(line: Line, now: number): number {
    const waited = Math.max(0, now - (line.head as Task).at);
    return line.priority + Math.floor(waited / this.#agingMs);
  }

  #lineOf(task: Task): Line {
    const { options } = task;
    if (this.#recent?.options === options && !task.promoted) return this.#recent.line;
    const priority = task.promoted ? promotedPriority : options.priority;
    const key = `${priority}\n${options.run?.id ?? ''}\n${options.type}\n${options.group ?? ''}`;
    let line = this.#lines.get(key);
    if (!line) {
      line = {
        key,
        priority,
        type: options.type,
        group: options.group,
        head: null,
        tail: null,
        size: 0,
        level: priority,
        shelf: null,
        previous: null,
        next: null,
        blockedBy: null,
        wokenBy: null,
        agingArmed: false,
      };
      this.#lines.set(key, line);
    }
    if (!task.promoted) this.#recent = { options, line };
    return line;
  }
}
