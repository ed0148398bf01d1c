/**
 * What `worker.ts` is in a thread, in a process: for handlers that a thread cannot contain. It performs one order at a
 * time. Each is journaled with the group of its launcher before the handler is loaded, so that what survives a crash
 * of the supervisor is found at its next start.
 */
import { writeFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { ControlMessage, Order, ProcessMessage, ProcessWord } from './contract.ts';
import { startTicksOf, statOf } from './executable.ts';
import { catchLateErrors } from './late.ts';
import { canSeeProcesses, endLeftBehind } from './left-behind.ts';
import { note, noteEveryMs, notes } from './notes.ts';
import { Outbox } from './outbox.ts';
import { type Around, attemptNow, hear, perform } from './perform.ts';
import { catchPrinting } from './printing.ts';
import { setup } from './setup.ts';

/** Between SIGTERM and SIGKILL for what a handler has left running, at most. */
const patienceMsMax = 2_000;
/** When memory runs out, the system is to end one of these and not the supervisor. See proc(5), `oom_score_adj`. */
const killMeFirst = '500';

const send = process.send?.bind(process);
const say = (word: ProcessWord) => void send?.(word, () => {});
const outbox = new Outbox((items) => say({ kind: 'items', items }));
/** Led by the launcher, which may be gone by now. */
const groupId = statOf(process.pid)?.group ?? process.ppid;
const startTicks = startTicksOf(groupId);
const seesProcesses = canSeeProcesses();
/** So full of what ended tasks have left, it takes no other: the next one would be blamed for running out of memory. */
const fullShare = 0.5;

const around: Around = {
  async begin(attempt) {
    await attempt.call({ name: 'child', groupId, startTicks });
    say({ kind: 'begun' });
  },
  async tidy(attempt) {
    if (!seesProcesses) return;
    const ended = await endLeftBehind(groupId, Math.min(setup.graceMs, patienceMsMax));
    if (ended > 0) attempt.log('warn', `ended what the handler had left running: ${ended} of its processes`);
  },
};

async function take(order: Order): Promise<void> {
  const timer = setInterval(tellNotes, noteEveryMs);
  await perform(order, outbox, around);
  clearInterval(timer);
  tellNotes();
  say({ kind: 'ended', items: outbox.take(), reusable: seesProcesses && !isFull() });
}

function isFull(): boolean {
  const { used_heap_size, external_memory, heap_size_limit } = getHeapStatistics();
  return used_heap_size + external_memory > heap_size_limit * fullShare;
}

function tellNotes(): void {
  note();
  say({ kind: 'noted', notes: [...notes] });
}

function listen(): void {
  process.on('message', (message: ProcessMessage) => {
    if (message.kind === 'order') void take(message.order);
    else hear(message satisfies ControlMessage);
  });
  // The supervisor is gone; its end of the launcher's pipe as well, but the launcher itself may have been killed.
  process.once('disconnect', () => process.exit(1));
  // Libraries that find a channel would talk to the supervisor.
  Object.assign(process, { send: undefined });
}

function offerMyself(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', killMeFirst);
  } catch {
    // There is no /proc, or it may not be written: then the system chooses.
  }
}

offerMyself();
catchLateErrors();
catchPrinting(attemptNow, (stream, text) => say({ kind: 'printed', stream, text }));
listen();
say({ kind: 'up' });
tellNotes();
