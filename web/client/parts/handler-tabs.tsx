/** The parts of the page of handlers: which there are, and how their tasks went. */
import { say } from '../language.ts';
import { Link } from './link.tsx';

export function HandlerTabs({ part }: { part: '' | 'stats' }) {
  const { pages, stats } = say();
  return (
    <nav class="tabs" aria-label={pages.handlers}>
      <Link to="handlers" class="tab" current={part === ''}>
        {pages.handlers}
      </Link>
      <Link to="handlers/stats" class="tab" current={part === 'stats'}>
        {stats.tab}
      </Link>
    </nav>
  );
}
