/**
 * What Piscina runs in each thread: `perform`, named in the pool's option `name`, is called with a batch of orders.
 * Orders of a batch run one after another; what they have to say leaves through the outbox, what is left returns with
 * the result. A control port of this thread's own brings the wish to stop and the answers to calls.
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
  if (!setup.oneBatchAtATime) return performBatch(batch);
  const result = last.then(() => performBatch(batch));
  last = result.catch(() => {});
  return result;
}

async function performBatch(batch: Batch): Promise<BatchResult> {
  const { ledger } = batch;
  batchBegun();
  for (let index = 0; index < batch.taskIds.length; index++) {
    if (!claim(ledger, index)) continue;
    await performOrder(unpackOrder(batch, index), outbox);
    Atomics.store(ledger, index, LEDGER.done);
  }
  batchEnded();
  return { threadId, posted: outbox.posted, items: outbox.take() };
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
