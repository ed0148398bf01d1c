/** Back in the browser is newer; `Newest` leads home from anywhere. */
import { say } from '../language.ts';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';

interface PagingProps {
  label: string;
  /** Path of the first page; null on it. */
  newest: string | null;
  /** Path of the next page; null on the last one. */
  older: string | null;
  /** What the two are called where a list is in another order. */
  names?: { readonly newest: string; readonly older: string };
}

export function Paging({ label, newest, older, names }: PagingProps) {
  if (newest === null && older === null) return null;
  const words = names ?? say().list;
  return (
    <nav class="paging" aria-label={label}>
      {newest !== null && (
        <Link to={newest} class="button">
          <Icon name="back" />
          {words.newest}
        </Link>
      )}
      {older !== null && (
        <Link to={older} class="button">
          {words.older}
        </Link>
      )}
    </nav>
  );
}
