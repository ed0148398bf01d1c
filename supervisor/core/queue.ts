/**
 * The ready queue: tasks that may run now, in lines.
 *
 * A line holds the tasks of one priority × stage of a run × type × group, first come first served. Lines of one priority
 * take turns, and those of one run share the turn of that run, so that a run of 50,000 tasks does not starve a run of three. A line that may not run now (its type is paused,
 * its group is full …) is parked under what blocks it, and comes back when that is released: a claim never scans past
 * blocked work.
 */
import { agingMs } from './limits.ts';
import { type Line, Shelf } from './shelf.ts';
import type { Task, TaskOptions } from './task.ts';

/** Above every aged priority: a task asked to the front. */
const promotedPriority = 1_000_000;
/** Empty lines that stay known: tasks that come one by one would make theirs anew each time. */
export const emptyLinesKept = 64;

/** What keeps a line from being claimed from, or null. */
export type Gate = (line: Line) => string | null;

/**
 * A task's place in its line: the entry that put it there. One that was given back stands where it stood before.
 */
export function turnOf(task: Task): number {
  return task.life?.turn ?? task.seq;
}

export class ReadyQueue {
  readonly #lines = new Map<string, Line>();
  readonly #linesOfRun = new Map<string, Set<Line>>();
  readonly #emptied = new Set<Line>();
  readonly #open = new Shelf();
  readonly #parked = new Map<string, Shelf>();
  #size = 0;
  /** The line asked for last: tasks mostly come in rows of their kind. */
  #recent: { readonly options: TaskOptions; readonly line: Line } | null = null;

  /** AGEING */
  agingMs: number;

  constructor(aging: number = agingMs) {
    this.agingMs = aging;
  }

  get size(): number {
    return this.#size;
  }

  lines(): IterableIterator<Line> {
    return this.#lines.values();
  }

  /** Puts a task into its line, by its turn. Its `at` is the moment it became ready. */
  push(task: Task): void {
    const line = this.#lineOf(task);
    const turn = turnOf(task);
    let before = line.tail;
    while (before && turnOf(before) > turn) before = before.previous;
    this.#insert(task, line, before);
  }

  /** Puts back a task that had its turn and could not use it: the same place, looked for from the front. */
  giveBack(task: Task): void {
    const line = this.#lineOf(task);
    const turn = turnOf(task);
    let after = line.head;
    while (after && turnOf(after) < turn) after = after.next;
    this.#insert(task, line, after ? after.previous : line.tail);
  }

  #insert(task: Task, line: Line, before: Task | null): void {
    task.line = line;
    task.previous = before;
    task.next = before ? before.next : line.head;
    if (task.next) task.next.previous = task;
    else line.tail = task;
    if (before) before.next = task;
    else line.head = task;
    this.#size++;
    if (line.size++ > 0) return;
    this.#emptied.delete(line);
    this.#open.push(line);
  }

  remove(task: Task, now: number): void {
    const line = task.line;
    if (!line) return;
    if (task.previous) task.previous.next = task.next;
    else line.head = task.next;
    if (task.next) task.next.previous = task.previous;
    else line.tail = task.previous;
    task.line = task.previous = task.next = null;
    line.size--;
    this.#size--;
    if (line.size === 0) this.#drop(line, now);
  }

  /**
   * The task whose turn it is, left where it stands; null when nothing may run.
   * @param gate asked once for each line that comes to the front; a line it blocks is parked until `release`
   */
  first(now: number, gate: Gate): Task | null {
    for (;;) {
      const line = this.#open.first(now, this.agingMs);
      if (!line) return null;
      const block = gate(line);
      if (block === null) return line.head;
      this.#park(line, block, now);
    }
  }

  /** Takes a claimed task out; its line goes behind the others of its priority. */
  take(task: Task, now: number): void {
    const { line } = task;
    if (!line) return;
    line.wokenBy = null;
    line.servedAt = now;
    this.remove(task, now);
    this.#passTurn(line);
    if (line.size === 0 || line.shelf !== this.#open) return;
    this.#open.remove(line);
    this.#open.push(line);
  }

  /** A run has one turn, however many of its stages have work: its other lines go to the end as well, before this one. */
  #passTurn({ run, priority, key }: Line): void {
    if (!run) return;
    for (const other of this.#linesOfRun.get(run.id) ?? []) {
      if (other.key === key || other.priority !== priority || other.shelf !== this.#open) continue;
      this.#open.remove(other);
      this.#open.push(other);
    }
  }

  /** What blocked may go on: `count` lines come back, as their turns are. */
  release(block: string, count: number, now: number): void {
    const shelf = this.#parked.get(block);
    shelf?.letGo();
    for (let left = count; shelf && left > 0; left--) {
      const line = shelf.first(now, this.agingMs);
      if (!line) break;
      shelf.remove(line);
      line.blockedBy = null;
      line.wokenBy = block;
      this.#open.push(line);
    }
    if (shelf?.empty) this.#parked.delete(block);
  }

  /** Everything that is parked comes back, e.g. after the limits changed. */
  releaseAll(now: number): void {
    for (const block of [...this.#parked.keys()]) this.release(block, Number.POSITIVE_INFINITY, now);
  }

  isParked(block: string): boolean {
    return this.#parked.has(block);
  }

  #park(line: Line, block: string, now: number): void {
    this.#open.remove(line);
    let shelf = this.#parked.get(block);
    if (!shelf) {
      shelf = new Shelf();
      this.#parked.set(block, shelf);
    }
    line.blockedBy = block;
    if (line.wokenBy === block) shelf.giveBack(line);
    else shelf.push(line);
    this.#passOn(line, block, now);
  }

  /** A line released by one block and not served hands its turn to the next one parked there. */
  #passOn(line: Line, parkedUnder: string | null, now: number): void {
    const woken = line.wokenBy;
    line.wokenBy = null;
    if (woken !== null && woken !== parkedUnder) this.release(woken, 1, now);
  }

  #drop(line: Line, now: number): void {
    const { shelf, blockedBy } = line;
    shelf?.remove(line);
    line.blockedBy = null;
    if (blockedBy !== null && shelf?.empty) this.#parked.delete(blockedBy);
    this.#passOn(line, null, now);
    this.#emptied.add(line);
    if (this.#emptied.size > emptyLinesKept) this.#forget(this.#emptied.values().next().value as Line);
  }

  #forget(line: Line): void {
    this.#emptied.delete(line);
    this.#lines.delete(line.key);
    this.#removeFromRun(line);
    if (this.#recent?.line === line) this.#recent = null;
  }

  #addToRun(line: Line): void {
    if (!line.run) return;
    const lines = this.#linesOfRun.get(line.run.id);
    if (lines) lines.add(line);
    else this.#linesOfRun.set(line.run.id, new Set([line]));
  }

  #removeFromRun(line: Line): void {
    if (!line.run) return;
    const lines = this.#linesOfRun.get(line.run.id);
    lines?.delete(line);
    if (lines?.size === 0) this.#linesOfRun.delete(line.run.id);
  }

  #lineOf(task: Task): Line {
    const { options } = task;
    if (this.#recent?.options === options && !task.promoted) return this.#recent.line;
    const priority = task.promoted ? promotedPriority : options.priority;
    const { run } = options;
    const stage = run ? `${run.id}/${run.stage}` : '';
    const key = `${priority}\n${stage}\n${options.type}\n${options.group ?? ''}`;
    let line = this.#lines.get(key);
    if (!line) {
      line = {
        key,
        priority,
        type: options.type,
        group: options.group,
        run,
        head: null,
        tail: null,
        size: 0,
        servedAt: Number.NEGATIVE_INFINITY,
        shelf: null,
        previous: null,
        next: null,
        blockedBy: null,
        wokenBy: null,
      };
      this.#lines.set(key, line);
      this.#addToRun(line);
    }
    if (!task.promoted) this.#recent = { options, line };
    return line;
  }
}
