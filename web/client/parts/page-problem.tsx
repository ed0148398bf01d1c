/** When a page's own question got no answer, or a "no". */
import type { Problem } from '../api.ts';
import { say } from '../language.ts';
import { Icon } from './icon.tsx';

export function PageProblem({ problem, again }: { problem: Problem; again(): void }) {
  if (problem.status === 401) return null;
  const words = say();
  return (
    <div class="notice bad" role="alert">
      <Icon name="error" />
      <p class="notice-text">{problem.status === 0 ? words.told.unreachable : problem.message}</p>
      <button type="button" onClick={again}>
        {words.do.tryAgain}
      </button>
    </div>
  );
}
