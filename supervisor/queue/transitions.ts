/** From entries of the journal to what a program is told: which task has moved, and to where, once it is on disk. */
import type { Event } from '../core/event.ts';
import type { Transition } from './queue-facade.ts';

type Listener = (transition: Transition) => void;

export class Transitions {
  readonly #listeners = new Set<Listener>();
  /** Recorded, and not on disk yet. */
  #pending: Transition[] = [];

  watch(listener: Listener): () => void {
    // The same function may watch twice.
    const own: Listener = (transition) => listener(transition);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  add(seq: number, at: number, event: Event): void {
    if (this.#listeners.size === 0) return;
    for (const move of movesOf(event)) this.#pending.push({ seq, at, by: event.e, ...move });
  }

  durable(seq: number): void {
    if (this.#pending.length === 0) return;
    let count = this.#pending.findIndex((transition) => transition.seq > seq);
    if (count < 0) count = this.#pending.length;
    for (const transition of this.#pending.splice(0, count))
      for (const listener of this.#listeners) tell(listener, transition);
  }
}

/** A listener that throws is a fault of the program, and none of the queue, which goes on. */
function tell(listener: Listener, transition: Transition): void {
  try {
    listener(transition);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

type Move = Omit<Transition, 'seq' | 'at' | 'by'>;

function movesOf(event: Event): readonly Move[] {
  switch (event.e) {
    case 'task.accepted':
    case 'task.retried': {
      const { id, runAt = null } = event;
      return [runAt === null ? { id, state: 'queued' } : { id, state: 'scheduled', runAt }];
    }
    case 'task.due':
      return event.ids.map((id) => ({ id, state: 'queued' }));
    case 'task.promoted':
      return [{ id: event.id, state: 'queued' }];
    case 'task.canceled':
      return [{ id: event.id, state: 'canceled' }];
    case 'attempt.started':
      return [{ id: event.id, state: 'running', attempt: event.n }];
    case 'attempt.ended': {
      const { id, n, outcome, next, error, runAt } = event;
      const why = error && { error: { code: error.code, message: error.message } };
      return [{ id, state: next, attempt: n, outcome, ...why, ...(runAt !== undefined && { runAt }) }];
    }
    default:
      return [];
  }
}
