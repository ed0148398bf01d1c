/** Where the library has its playlists from, and what is wrong in the file that says so. */
import type { LibraryStatus, SourceView } from '../../../supervisor/library-facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { FlagWord, SeverityWord } from './state-word.tsx';

export function SourceMistakes({ mistakes }: Pick<LibraryStatus, 'mistakes'>) {
  if (mistakes.length === 0) return null;
  const words = say().library;
  return (
    <section class="notice error" aria-label={words.mistakes}>
      <SeverityWord severity="error" />
      <div class="notice-text">
        <p>
          <strong>{words.mistakes}</strong>
        </p>
        <ul class="problems" lang="en">
          {mistakes.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
        <p class="muted">{words.mistakesText}</p>
      </div>
    </section>
  );
}

export function Sources({ sources }: { sources: readonly SourceView[] }) {
  const words = say().library;
  if (sources.length === 0) return null;
  return (
    <section class="panel sources" aria-label={words.sources}>
      <header class="panel-head">
        <h2>{words.sources}</h2>
      </header>
      <table class="source-table">
        <thead>
          <tr>
            <th scope="col">{words.source}</th>
            <th scope="col" class="col-kind">
              {words.kind}
            </th>
            <th scope="col" class="col-where roomy">
              {words.where}
            </th>
            <th scope="col" class="col-groups wide-only">
              {words.groups}
            </th>
            <th scope="col" class="col-kind">
              <span class="unseen">{words.on}</span>
            </th>
          </tr>
        </thead>
        <tbody>
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
        </tbody>
      </table>
    </section>
  );
}
