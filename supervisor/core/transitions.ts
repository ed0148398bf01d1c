/**
 * Every move a task can make, and the event that makes it. Anything else is a fault of the program.
 *
 * ```
 *              accepted                    due
 *   (nothing) ─────────► scheduled ────────────────► queued ◄──────────── retrying
 *        └──────────────────────────────────────────►  │ ▲  due, retried     ▲
 *                                               started │ │ requeued         │ backoff
 *                                                       ▼ │                  │
 *                               succeeded ◄────────── running ───────────────┘
 *                                                       │
 *                        failed, canceled, interrupted ◄┘     (retried: back to queued, or to scheduled)
 * ```
 */
import type { TaskState } from './task.ts';

export interface Move {
  readonly from: TaskState | null;
  readonly to: TaskState;
  readonly by: string;
}

export const MOVES: readonly Move[] = [
  { from: null, to: 'queued', by: 'task.accepted' },
  { from: null, to: 'scheduled', by: 'task.accepted' },
  { from: 'scheduled', to: 'queued', by: 'task.due' },
  { from: 'retrying', to: 'queued', by: 'task.due' },
  { from: 'scheduled', to: 'queued', by: 'task.promoted' },
  { from: 'retrying', to: 'queued', by: 'task.promoted' },
  { from: 'queued', to: 'queued', by: 'task.promoted' },
  { from: 'queued', to: 'running', by: 'attempt.started' },
  { from: 'running', to: 'succeeded', by: 'attempt.ended' },
  { from: 'running', to: 'failed', by: 'attempt.ended' },
  { from: 'running', to: 'canceled', by: 'attempt.ended' },
  { from: 'running', to: 'retrying', by: 'attempt.ended' },
  { from: 'running', to: 'queued', by: 'attempt.ended' },
  { from: 'running', to: 'interrupted', by: 'attempt.ended' },
  { from: 'scheduled', to: 'canceled', by: 'task.canceled' },
  { from: 'queued', to: 'canceled', by: 'task.canceled' },
  { from: 'retrying', to: 'canceled', by: 'task.canceled' },
  { from: 'interrupted', to: 'canceled', by: 'task.canceled' },
  { from: 'failed', to: 'queued', by: 'task.retried' },
  { from: 'interrupted', to: 'queued', by: 'task.retried' },
  { from: 'retrying', to: 'queued', by: 'task.retried' },
  { from: 'failed', to: 'scheduled', by: 'task.retried' },
  { from: 'interrupted', to: 'scheduled', by: 'task.retried' },
  { from: 'retrying', to: 'scheduled', by: 'task.retried' },
];

/** By event and state before, the states after. */
const KNOWN = new Map<string, Map<TaskState | null, readonly TaskState[]>>();
for (const { from, to, by } of MOVES) {
  const moves = KNOWN.get(by) ?? new Map<TaskState | null, readonly TaskState[]>();
  KNOWN.set(by, moves.set(from, [...(moves.get(from) ?? []), to]));
}

export function canMove(from: TaskState | null, to: TaskState, by: string): boolean {
  return KNOWN.get(by)?.get(from)?.includes(to) ?? false;
}

/** From which states an event may take a task. */
export function movesFrom(from: TaskState, by: string): boolean {
  return MOVES.some((move) => move.from === from && move.by === by);
}
