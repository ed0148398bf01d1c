/** The thread of the writer: takes orders in the order they come, `null` ends it. */
import { parentPort } from 'node:worker_threads';
import { machineDisk } from './disk.ts';
import { type Order, WriterDesk } from './writer-desk.ts';

const desk = new WriterDesk(machineDisk);

parentPort?.on('message', (order: Order | null) => {
  if (order === null) parentPort?.close();
  else parentPort?.postMessage(desk.carryOut(order));
});
