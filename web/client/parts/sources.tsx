/** Where the library has its playlists from, and what is wrong in the file that says so. */
import type { LibraryStatus, SourceView } from '../../../supervisor/library-facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { Mistakes } from './mistakes.tsx';
import { PanelTable } from './panel-table.tsx';
import { FlagWord } from './state-word.tsx';

export function SourceMistakes({ mistakes }: Pick<LibraryStatus, 'mistakes'>) {
  const words = say().library;
  if (mistakes.length === 0) return null;
  return (
    <section aria-label={words.mistakes}>
      <Mistakes title={<strong>{words.mistakes}</strong>} mistakes={mistakes}>
        <p class="muted">{words.mistakesText}</p>
      </Mistakes>
    </section>
  );
}

export function Sources({ sources }: { sources: readonly SourceView[] }) {
  const words = say().library;
  if (sources.length === 0) return null;
  return (
    <PanelTable
      title={words.sources}
      kind="source-table"
      columns={[
        { name: words.source },
        { name: words.kind, class: 'col-kind' },
        { name: words.where, class: 'col-where roomy' },
        { name: words.groups, class: 'col-groups wide-only' },
        { name: words.on, class: 'col-kind', unseen: true },
      ]}
    >
      {sources.map(({ name, kind, url, path, groups, limit, on }) => (
        <tr key={name}>
          <th scope="row">
            <span class="task-type">{name}</span>
            {limit !== null && <span class="line-below muted">{words.limit(number(limit))}</span>}
          </th>
          <td>{kind}</td>
          <td class="roomy muted">{url ?? path}</td>
          <td class="wide-only muted">{groups.join(', ')}</td>
          <td>
            <FlagWord on={on} />
          </td>
        </tr>
      ))}
    </PanelTable>
  );
}
