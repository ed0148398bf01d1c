/**
 * Items on their way to the supervisor, several to a message: they wait a few milliseconds for company, and what is
 * left when a batch ends travels with its result.
 */
import type { WorkerItem } from './contract.ts';
import { flushMs, itemsPerMessageMax } from './limits.ts';

export class Outbox {
  /** Messages posted since the thread began; see `BatchResult.posted`. */
  posted = 0;
  #items: WorkerItem[] = [];
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  readonly #post: (items: readonly WorkerItem[]) => void;

  constructor(post: (items: readonly WorkerItem[]) => void) {
    this.#post = post;
  }

  add(item: WorkerItem): void {
    this.#items.push(item);
    if (this.#items.length >= itemsPerMessageMax) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushMs);
  }

  /** For items somebody waits for: posted once the code that is running has had its turn. */
  addSoon(item: WorkerItem): void {
    this.#items.push(item);
    this.flushSoon();
  }

  flushSoon(): void {
    this.#immediate ??= setImmediate(() => this.flush());
  }

  get waiting(): boolean {
    return this.#items.length > 0;
  }

  flush(): void {
    const items = this.take();
    if (items.length === 0) return;
    this.posted++;
    this.#post(items);
  }

  /** Everything not yet posted. */
  take(): readonly WorkerItem[] {
    if (this.#timer) clearTimeout(this.#timer);
    if (this.#immediate) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
    const items = this.#items;
    this.#items = [];
    return items;
  }
}
