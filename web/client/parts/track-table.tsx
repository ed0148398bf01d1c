/** Tracks in a table: how each is, where its file and its upload are, and why it failed with what to do about it. */
import type { TaskView } from '../../../supervisor/facade.ts';
import type { TrackView } from '../../../supervisor/library-facade.ts';
import { bytes } from '../format.ts';
import { say } from '../language.ts';
import { retryTrack } from '../library-actions.ts';
import { useWork, workOnTrack } from '../library-work.ts';
import { libraryPath, taskPath } from '../router.ts';
import { mayAdd } from './add-button.tsx';
import { AtWork } from './at-work.tsx';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';
import { TrackWord } from './track-words.tsx';

interface TrackTableProps {
  rows: readonly TrackView[];
  /** Of several playlists: each row says of which. */
  mixed: boolean;
  title: string;
}

export function TrackTable({ rows, mixed, title }: TrackTableProps) {
  const { library: words, columns } = say();
  const work = useWork();
  return (
    <section class="panel" aria-label={title} data-steady>
      <table class="track-table">
        <thead>
          <tr>
            <th scope="col" class="col-state roomy">
              {columns.state}
            </th>
            <th scope="col">{words.track}</th>
            <th scope="col" class="col-file roomy">
              {words.file}
            </th>
            <th scope="col" class="col-upload wide-only">
              {words.upload}
            </th>
            <th scope="col" class="col-retry end">
              <span class="unseen">{columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((track) => (
            <Row key={track.id} track={track} mixed={mixed} work={workOnTrack(work, track.id)} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  track: TrackView;
  mixed: boolean;
  work: readonly TaskView[];
}

function Row({ track, mixed, work }: RowProps) {
  const { state, title, artist, album, date, playlist, playlistTitle, file, upload, failure } = track;
  const words = say().library;
  const by = [artist, album, date?.slice(0, 10)].filter(Boolean).join(' · ');
  return (
    <tr>
      <td class="roomy" title={words.stateTexts[state]}>
        <TrackWord state={state} />
      </td>
      <td>
        <span class="task-type">{title}</span>
        {by !== '' && <span class="line-below muted">{by}</span>}
        {mixed && (
          <span class="line-below muted">
            <Link to={libraryPath(playlist)}>{playlistTitle}</Link>
          </span>
        )}
        <span class="second-line">
          <TrackWord state={state} />
          {file && <span class="muted">{bytes(file.bytes)}</span>}
        </span>
        <AtWork tasks={work} name={title} />
        {failure && <Failure failure={failure} />}
      </td>
      <td class="roomy">
        {file ? (
          <>
            <span class="track-path">{file.path}</span>
            <span class="line-below muted">{bytes(file.bytes)}</span>
          </>
        ) : (
          <span class="muted">{words.noFile}</span>
        )}
      </td>
      <td class="wide-only">
        {upload ? (
          <>
            <span class="track-path">{upload.name}</span>
            <span class="line-below muted">{upload.target}</span>
          </>
        ) : (
          <span class="muted">{words.noUpload}</span>
        )}
      </td>
      <td class="end">
        {failure && mayAdd.value && (
          <button
            type="button"
            class="small"
            aria-label={words.do.retryOf(title)}
            title={words.do.retry}
            onClick={() => void retryTrack(track)}
          >
            <Icon name="retrying" />
            <span class="button-word">{words.do.retry}</span>
          </button>
        )}
      </td>
    </tr>
  );
}

/** Why, in the handler's words, and what to do. */
function Failure({ failure: { code, message, stage, task } }: { failure: NonNullable<TrackView['failure']> }) {
  const words = say().library;
  const advice: Readonly<Record<string, string>> = words.advice;
  return (
    <span class="track-failure">
      <span lang="en">
        <code>{code}</code> {message}
      </span>
      <span class="muted">
        {advice[stage] ?? words.advice.other} <Link to={taskPath(task)}>{words.failedTask}</Link>
      </span>
    </span>
  );
}
