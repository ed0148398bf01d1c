/** How far what is at work on a track or a playlist is: what it does, and the bar of one task or of several together. */
import type { TaskView } from '../../../supervisor/facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { kindOf, WORK_KINDS } from '../library-work.ts';
import { Progress } from './progress.tsx';
import { Word } from './state-word.tsx';

export function AtWork({ tasks, name }: { tasks: readonly TaskView[]; name: string }) {
  if (tasks.length === 0) return null;
  const words = say().library.work;
  const counts = WORK_KINDS.map((kind) => [kind, tasks.filter((task) => kindOf(task) === kind).length] as const);
  const said = counts.filter(([, count]) => count > 0).map(([kind, count]) => words[kind](number(count)));
  return (
    <span class="at-work">
      <Word icon="running" tone="active" word={said.join(' · ')} />
      <Progress progress={together(tasks)} label={words.progressOf(name)} />
    </span>
  );
}

/** Of several a share can be said only where each knows how much it is. */
function together(tasks: readonly TaskView[]): TaskView['progress'] {
  const [first, ...others] = tasks.map(({ progress }) => progress);
  if (others.length === 0) return first ?? null;
  const all = [first, ...others];
  const total = all.some((one) => !one?.total) ? null : all.reduce((sum, one) => sum + (one?.total ?? 0), 0);
  return { done: total === null ? 0 : all.reduce((sum, one) => sum + (one?.done ?? 0), 0), total, text: null };
}
