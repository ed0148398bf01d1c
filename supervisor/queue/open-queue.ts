/**
 * The queue as a library, `nightshift/queue`: the core and the journal of the supervisor in a program of one's own, which
 * performs the tasks itself. The folder is a data folder like any other.
 */
import { machineClock } from '../clock.ts';
import type { AnyTypes, Queue, QueueOptions } from './queue-facade.ts';
import { startQueue } from './start-queue.ts';

export { QueueError, type QueueErrorCode } from './queue-error.ts';
export type * from './queue-facade.ts';

/**
 * Opens a queue, with all that was there: what was under way when its process died is queued again, what was done is not.
 * An open queue keeps the process alive until it is closed.
 * @throws QueueError `validation`; `held` when another process has it open; `folder`, `damaged`, `disk_failed`
 */
export async function openQueue<Types extends object = AnyTypes>(options: QueueOptions): Promise<Queue<Types>> {
  // Which params a type has is known to whoever pushes: the queue keeps what JSON keeps.
  const queue: unknown = await startQueue(options, { clock: machineClock, chance: Math.random });
  return queue as Queue<Types>;
}
