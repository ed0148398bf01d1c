/** The writer as the main thread has it: a thread on the machine's own disk, none on a test's. */
import { type Disk, machineDisk } from './disk.ts';
import { ask, inlinePort, type Port, threadPort } from './port.ts';
import { type Order, type Reply, WriterDesk } from './writer-desk.ts';

export type WriterPort = Port<Order, Reply>;

/** The writer is idle most of its life and moves bytes, not objects: its heap stays small. */
const limits = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 };

export function startWriter(disk: Disk): WriterPort {
  if (disk === machineDisk) return threadPort(new URL('./writer-thread.js', import.meta.url), limits);
  const desk = new WriterDesk(disk);
  return inlinePort((order) => desk.carryOut(order));
}

/** Digests computed by the writer, which has nothing to write yet while this thread replays. */
export function digestBy(port: WriterPort): (fd: number, bytes: number) => Promise<string | null> {
  return async (fd, bytes) => (await ask(port, { op: 'digest', fd, bytes })).digest ?? null;
}
