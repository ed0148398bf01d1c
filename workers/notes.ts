/**
 * What this thread notes of itself where the supervisor can read it without asking, as a handler that computes could not
 * answer: its memory, and by the count of notes that its event loop turns. Each second while something runs and once more
 * after that; a thread at rest has no timer.
 */
import { getHeapStatistics } from 'node:v8';
import { NOTES } from './contract.ts';

export const noteEveryMs = 1_000;

export const notes = new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT));
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
  notes[NOTES.heapBytes] = used_heap_size;
  notes[NOTES.externalBytes] = external_memory;
  notes[NOTES.count] = (notes[NOTES.count] ?? 0) + 1;
}

function tick(): void {
  note();
  if (batches > 0 || timer === null) return;
  clearInterval(timer);
  timer = null;
}
