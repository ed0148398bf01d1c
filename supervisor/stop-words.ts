/** What the log says while the supervisor stops: whoever waits in front of a terminal should know for what and how long. */
import type { Task } from './core/task.ts';

const typesNamedMax = 5;

/** `waiting for 3 tasks to end (2 http.download, 1 record), 25 s at most; …` */
export function waitingWords(running: readonly Task[], msMax: number): string {
  const counts = new Map<string, number>();
  for (const { options } of running) counts.set(options.type, (counts.get(options.type) ?? 0) + 1);
  const named = [...counts].slice(0, typesNamedMax).map(([type, count]) => `${count} ${type}`);
  if (counts.size > typesNamedMax) named.push('…');
  return `waiting for ${countTasks(running.length)} to end (${named.join(', ')}), ${seconds(msMax)} at most; a second signal stops at once`;
}

export function cutWords(count: number): string {
  const [were, run] = count === 1 ? ['was', 'it runs'] : ['were', 'they run'];
  return `${countTasks(count)} ${were} still running and ${count === 1 ? 'has' : 'have'} been interrupted; ${run} again after the next start`;
}

export function atOnceWords(reason: string): string {
  return `stopping at once: asked a second time (${reason}); what was running is recovered at the next start`;
}

export function hangingWords(msMax: number): string {
  return `a worker thread hangs in a call of the system and has not ended within ${seconds(msMax)}; the process ends without it`;
}

export function countTasks(count: number): string {
  return count === 1 ? '1 task' : `${count} tasks`;
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 100) / 10} s`;
}
