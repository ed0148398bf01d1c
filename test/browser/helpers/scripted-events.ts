/** Events of the scripted supervisor; all of them are held. */
import type { EventSource, PublishedEvent } from '../../../supervisor/facade.ts';

type Listener = (events: readonly PublishedEvent[]) => void;

export class ScriptedEvents implements EventSource {
  readonly epoch = 1;
  readonly #published: PublishedEvent[] = [];
  readonly #listeners = new Set<Listener>();

  get seq(): number {
    return this.#published.length;
  }

  since(seq: number): readonly PublishedEvent[] {
    return this.#published.slice(seq);
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  publish(name: string, task: string | null, at: number, data: Record<string, unknown>): void {
    const event: PublishedEvent = { epoch: this.epoch, seq: this.seq + 1, at, name, task, data };
    this.#published.push(event);
    for (const listener of this.#listeners) listener([event]);
  }
}
