/** The time on the supervisor's clock, once a second while somebody looks: what live durations are counted with. */
import { signal } from '@preact/signals';
import { clockSkewMs } from './api.ts';

export const now = signal(Date.now());

export function serverNow(): number {
  return Date.now() + clockSkewMs.peek();
}

export function startClock(): void {
  const beat = () => {
    if (!document.hidden) now.value = serverNow();
    setTimeout(beat, 1_000 - (Date.now() % 1_000));
  };
  beat();
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) now.value = serverNow();
  });
}
