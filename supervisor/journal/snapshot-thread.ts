/** The thread of one snapshot: made for it and ended after it. */
import { parentPort } from 'node:worker_threads';
import { machineDisk } from './disk.ts';
import { SnapshotDesk, type SnapshotOrder } from './snapshot-desk.ts';

const desk = new SnapshotDesk(machineDisk);

parentPort?.on('message', (order: SnapshotOrder | null) => {
  if (order === null) parentPort?.close();
  else parentPort?.postMessage(desk.carryOut(order));
});
