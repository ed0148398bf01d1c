/** Progress of running attempts on its way to the journal: the latest word of each, a few times a second at most. */
import type { CountItem, ProgressItem } from '../../workers/contract.ts';
import type { Clock } from '../clock.ts';
import type { Event } from '../core/event.ts';
import type { Counts, Progress } from '../core/task.ts';

const progressEveryMs = 500;

interface Latest {
  readonly attempt: number;
  progress: Progress | null;
  counts: Counts | null;
  toldAt: number;
}

export class ProgressRelay {
  readonly #clock: Clock;
  readonly #tell: (event: Event) => void;
  readonly #latest = new Map<string, Latest>();
  #stopTimer: (() => void) | null = null;

  constructor(clock: Clock, tell: (event: Event) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  note(item: ProgressItem | CountItem): void {
    let latest = this.#latest.get(item.taskId);
    if (latest?.attempt !== item.attempt) {
      latest = { attempt: item.attempt, progress: null, counts: null, toldAt: Number.NEGATIVE_INFINITY };
      this.#latest.set(item.taskId, latest);
    }
    if (item.kind === 'progress') latest.progress = { done: item.done, total: item.total, text: item.text };
    else latest.counts = { processed: item.processed, succeeded: item.succeeded, failed: item.failed };
    if (this.#clock.monotonic() - latest.toldAt >= progressEveryMs) this.#say(item.taskId, latest);
    else this.#stopTimer ??= this.#clock.after(progressEveryMs, () => this.#sayAll());
  }

  /** The attempt has ended: its last word, if it was still held back. */
  end(taskId: string): void {
    const latest = this.#latest.get(taskId);
    if (!latest) return;
    this.#say(taskId, latest);
    this.#latest.delete(taskId);
  }

  stop(): void {
    this.#stopTimer?.();
  }

  #sayAll(): void {
    this.#stopTimer = null;
    for (const [taskId, latest] of this.#latest) this.#say(taskId, latest);
  }

  #say(taskId: string, latest: Latest): void {
    const { attempt, progress, counts } = latest;
    if (!progress && !counts) return;
    latest.progress = latest.counts = null;
    latest.toldAt = this.#clock.monotonic();
    this.#tell({
      e: 'attempt.progressed',
      id: taskId,
      n: attempt,
      ...(progress && { progress }),
      ...(counts && { counts }),
    });
  }
}
