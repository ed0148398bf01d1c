/**
 * Memory of this thread, noted where the supervisor can read it without asking: a handler that computes could not answer.
 * It is noted each second while something runs and once more after that; a thread at rest has no timer.
 */
import { getHeapStatistics } from 'node:v8';
import { MEMORY } from './contract.ts';

const noteEveryMs = 1_000;

export const memory = new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT));
let batches = 0;
let timer: NodeJS.Timeout | null = null;

export function batchBegun(): void {
  batches++;
  // It stops by itself: to make and clear one for each batch would cost more than a small task.
  timer ??= setInterval(tick, noteEveryMs).unref();
}

export function batchEnded(): void {
  batches--;
}

export function note(): void {
  const { used_heap_size, external_memory } = getHeapStatistics();
  memory[MEMORY.heapBytes] = used_heap_size;
  memory[MEMORY.externalBytes] = external_memory;
}

function tick(): void {
  note();
  if (batches > 0 || timer === null) return;
  clearInterval(timer);
  timer = null;
}
