/**
 * What Piscina runs in each thread: `perform`, named in the pool's option `name`, is called with a batch of orders.
 * What its orders have to say leaves through the outbox, what is left returns with the result. A control port of this
 * thread's own brings the wish to stop and the answers to calls.
 */
import { MessageChannel, type MessagePort, parentPort, threadId } from 'node:worker_threads';
import { type Batch, type BatchResult, LEDGER, unpackOrder, type WorkerMessage } from './contract.ts';
import { catchLateErrors } from './late.ts';
import { batchBegun, batchEnded, note, notes } from './notes.ts';
import { Outbox } from './outbox.ts';
import { attemptNow, hear, perform as performOrder } from './perform.ts';
import { catchPrinting } from './printing.ts';
import { setup } from './setup.ts';

const outbox = new Outbox((items) => post({ kind: 'items', threadId, incarnation: setup.incarnation, items }));

let last: Promise<unknown> = Promise.resolve();

export function perform(batch: Batch): Promise<BatchResult> {
  if (setup.atOnce) return performBatch(batch, allAtOnce);
  const result = last.then(() => performBatch(batch, oneByOne));
  last = result.catch(() => {});
  return result;
}

async function performBatch(batch: Batch, performAll: (batch: Batch) => Promise<void>): Promise<BatchResult> {
  batchBegun();
  await performAll(batch);
  batchEnded();
  return { threadId, posted: outbox.posted, items: outbox.take() };
}

async function oneByOne(batch: Batch): Promise<void> {
  for (let index = 0; index < batch.taskIds.length; index++) await performOne(batch, index);
}

async function allAtOnce(batch: Batch): Promise<void> {
  let open = batch.taskIds.length;
  const performing = batch.taskIds.map(async (_, index) => {
    await performOne(batch, index);
    // Its place is free now, whatever the others do; the word of the last one goes with the result.
    if (--open > 0) outbox.flushSoon();
  });
  await Promise.all(performing);
}

async function performOne(batch: Batch, index: number): Promise<void> {
  const { ledger } = batch;
  if (!claim(ledger, index)) return;
  await performOrder(unpackOrder(batch, index), outbox);
  Atomics.store(ledger, index, LEDGER.done);
}

/** Exactly one side wins a waiting order: this thread, or the supervisor that takes it back. */
function claim(ledger: Int32Array, index: number): boolean {
  return Atomics.compareExchange(ledger, index, LEDGER.waiting, LEDGER.begun) === LEDGER.waiting;
}

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message, message.kind === 'hello' ? [message.control as MessagePort] : []);
}

function listen(): void {
  const { port1, port2 } = new MessageChannel();
  port1.on('message', hear);
  // A listening port would keep a thread alive that has nothing else to do.
  port1.unref();
  note();
  post({ kind: 'hello', threadId, control: port2, notes });
}

catchLateErrors();
catchPrinting(attemptNow, (stream, text) => post({ kind: 'printed', threadId, stream, text }));
listen();
