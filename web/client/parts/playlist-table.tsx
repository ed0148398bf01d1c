/** Playlists in a table: where each comes from, how its tracks are, when it was synced. */
import type { TaskView } from '../../../supervisor/facade.ts';
import type { PlaylistView } from '../../../supervisor/library-facade.ts';
import { useKeys } from '../keys.ts';
import { say } from '../language.ts';
import { useWork, workOnPlaylist } from '../library-work.ts';
import { libraryPath } from '../router.ts';
import { moveRow } from '../rows.ts';
import { mayAdd } from './add-button.tsx';
import { AtWork } from './at-work.tsx';
import { Link } from './link.tsx';
import { Word } from './state-word.tsx';
import { SyncButtons } from './sync-buttons.tsx';
import { TaskRow } from './task-row.tsx';
import { Time } from './time.tsx';
import { TrackCounts } from './track-words.tsx';

export function PlaylistTable({ rows }: { rows: readonly PlaylistView[] }) {
  const { library: words, columns } = say();
  const work = useWork();
  useKeys({ j: () => moveRow(1), k: () => moveRow(-1) });
  return (
    <section class="panel" aria-label={words.playlists} data-steady>
      <table class="playlist-table">
        <thead>
          <tr>
            <th scope="col">{words.playlist}</th>
            <th scope="col" class="col-tracks roomy">
              {words.tracks}
            </th>
            <th scope="col" class="col-time end roomy">
              {words.synced}
            </th>
            {mayAdd.value && (
              <th scope="col" class="col-sync end">
                <span class="unseen">{columns.actions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((playlist) => (
            <Row key={playlist.id} playlist={playlist} work={workOnPlaylist(work, playlist.id)} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ playlist, work }: { playlist: PlaylistView; work: readonly TaskView[] }) {
  const { id, title, source, groups, counts, syncedAt, goneAt, failure } = playlist;
  const words = say().library;
  return (
    <TaskRow id={id} to={libraryPath(id)}>
      <td class="task-cell">
        <Link to={libraryPath(id)} class="task-name" title={title}>
          <span class="task-type">{title}</span>
        </Link>
        <span class="line-below muted">{[source, ...groups].join(' · ')}</span>
        {goneAt !== null && <Word icon="canceled" tone="quiet" word={words.gone} />}
        {failure && (
          <span class="line-below track-failure" title={failure.message}>
            {failure.code}: {failure.message}
          </span>
        )}
        <span class="second-line">
          <TrackCounts counts={counts} />
          <AtWork tasks={work} name={title} />
        </span>
      </td>
      <td class="roomy">
        <TrackCounts counts={counts} />
        <AtWork tasks={work} name={title} />
      </td>
      <td class="end roomy muted">{syncedAt === null ? words.never : <Time at={syncedAt} />}</td>
      {mayAdd.value && (
        <td class="end">
          <SyncButtons scope={{ playlists: [id] }} name={title} compact />
        </td>
      )}
    </TaskRow>
  );
}
