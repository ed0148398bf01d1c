/**
 * How the supervisor is and what is paused: asked once for the whole page, because its frame and most of its parts
 * depend on it.
 */
import { computed, effect } from '@preact/signals';
import type { StatusView } from '../../supervisor/facade.ts';
import { signedOut } from './api.ts';
import { watch } from './live.ts';
import { queueLive, statusLive } from './resources.ts';
import { zone, zoneOr } from './zone.ts';

export const statusLoad = watch(statusLive);
export const queueLoad = watch(queueLive);

/** Null until the first answer has come. */
export const status = computed<StatusView | null>(() => statusLoad.value.value);

/** It starts nothing new and takes no new work. */
export const stopping = computed(() => status.value?.state === 'draining');

export interface Pause {
  /** Null for all of them. */
  readonly type: string | null;
  readonly reason: string;
  readonly since: string;
  /** Origin of whoever paused: `page`, `http`, `cli`. */
  readonly by: string;
}

/** The pause of everything first, then those of single types. */
export const pauses = computed<readonly Pause[]>(() => {
  const queue = queueLoad.value.value;
  if (!queue) return [];
  const types = queue.types.flatMap(({ type, paused }) => (paused ? [{ ...paused, type }] : []));
  return queue.paused ? [{ ...queue.paused, type: null }, ...types] : types;
});

export const pausedAll = computed(() => pauses.value.some(({ type }) => type === null));

effect(() => {
  if (status.value) zone.value = zoneOr(status.value.timezone);
});

/** Rates fall as time passes, and no event tells that a stop has begun. */
const statusAgainMs = 5_000;

/** Once, when the page starts. */
export function startAsking(): void {
  setInterval(() => {
    if (!document.hidden && !signedOut.value) statusLoad.reload();
  }, statusAgainMs);
}
