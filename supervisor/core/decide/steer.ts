/** What a person may ask of tasks and of the queue: cancel, promote, retry, pause, resume. */
import type { AskedBy, Event } from '../event.ts';
import { Refusal } from '../refusal.ts';
import type { State } from '../state.ts';
import type { Task } from '../task.ts';
import { movesFrom } from '../transitions.ts';

type Decision = readonly Event[] | Refusal;

/** A waiting task is canceled at once; a running one is asked to stop, and its first outcome wins. */
export function cancelTask(task: Task, by: AskedBy): Decision {
  if (task.state === 'running')
    return task.life?.cancelRequestedAt == null ? [{ e: 'task.cancel_requested', id: task.id, ...by }] : [];
  if (movesFrom(task.state, 'task.canceled')) return [{ e: 'task.canceled', id: task.id, ...by }];
  return new Refusal('conflict', `task ${task.id} is ${task.state}: there is nothing left to cancel`);
}

export function promoteTask(task: Task, by: AskedBy): Decision {
  if (!movesFrom(task.state, 'task.promoted')) {
    return new Refusal('conflict', `task ${task.id} is ${task.state}: only a waiting task can go to the front`);
  }
  return [{ e: 'task.promoted', id: task.id, ...by }];
}

/**
 * Under its own id, while it is live.
 * @param runAt not before then, ms since 1970; null for at once
 */
export function retryTask(task: Task, by: AskedBy, runAt: number | null = null): Decision {
  if (!movesFrom(task.state, 'task.retried')) {
    return new Refusal(
      'conflict',
      `task ${task.id} is ${task.state}: only what has ended, or waits for another try, can be retried`,
    );
  }
  return [{ e: 'task.retried', id: task.id, ...(runAt !== null && { runAt }), ...by }];
}

/** With other params it runs as a new task: the one there was leaves for the history, as a failure does in time anyway. */
export function leaveForEdited(task: Task): Decision {
  if (task.state === 'failed') return [{ e: 'task.archived', ids: [task.id] }];
  return new Refusal(
    'conflict',
    `task ${task.id} is ${task.state}: its params can be changed once it has ended; cancel it first`,
  );
}

export function pauseQueue(state: State, type: string | null, reason: string, by: AskedBy): readonly Event[] {
  const pause = type === null ? state.pausedAll : state.pausedTypes.get(type);
  return pause?.reason === reason ? [] : [{ e: 'queue.paused', type, reason, ...by }];
}

export function resumeQueue(state: State, type: string | null, by: AskedBy): readonly Event[] {
  const paused = type === null ? state.pausedAll !== null : state.pausedTypes.has(type);
  return paused ? [{ e: 'queue.resumed', type, ...by }] : [];
}
