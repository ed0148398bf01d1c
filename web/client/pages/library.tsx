/** The library: how its tracks are, its sources and playlists; the tracks of one playlist, or those of all. */
import { useMemo } from 'preact/hooks';
import type { LibraryStatus, PlaylistView } from '../../../supervisor/library-facade.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { syncNow } from '../library-actions.ts';
import {
  libraryLive,
  type PlaylistFilter,
  playlistFilterOf,
  playlistLive,
  playlistQueryOf,
  playlistsLive,
  trackFilterOf,
  trackPath,
} from '../library-resources.ts';
import { useWork, workOnPlaylist } from '../library-work.ts';
import { useLive } from '../live.ts';
import { mayAdd } from '../parts/add-button.tsx';
import { AtWork } from '../parts/at-work.tsx';
import { Copyable } from '../parts/copy.tsx';
import { Empty } from '../parts/empty.tsx';
import { Icon } from '../parts/icon.tsx';
import { Link } from '../parts/link.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Paging } from '../parts/paging.tsx';
import { PlaylistTable } from '../parts/playlist-table.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { SourceMistakes, Sources } from '../parts/sources.tsx';
import { SyncButtons } from '../parts/sync-buttons.tsx';
import { Time } from '../parts/time.tsx';
import { TrackList } from '../parts/track-list.tsx';
import { TRACK_ORDER, TrackCounts, TrackWord } from '../parts/track-words.tsx';
import { rewrite, route } from '../router.ts';
import { useSteady } from '../steady.ts';
import { status } from '../supervisor.ts';

export function Library() {
  const live = useLive('library', libraryLive);
  const known = live.value.value;
  const words = say();
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{words.pages.library}</h1>
          <p class="muted">{known ? words.library.summary(number(known.playlists), number(known.tracks)) : ' '}</p>
        </div>
        <div class="page-actions">{mayAdd.value && known && known.sources.length > 0 && <SyncAll />}</div>
      </div>
      {live.problem.value && !known && <PageProblem problem={live.problem.value} again={live.reload} />}
      {known && <SourceMistakes mistakes={known.mistakes} />}
      {known && <Counts counts={known.counts} />}
      {known && <Playlists library={known} />}
      {known && <Sources sources={known.sources} />}
    </>
  );
}

function SyncAll() {
  return (
    <button type="button" class="primary" onClick={() => void syncNow({}, null)}>
      <Icon name="retrying" />
      {say().library.do.syncAll}
    </button>
  );
}

function Counts({ counts }: Pick<LibraryStatus, 'counts'>) {
  const words = say().library;
  return (
    <section class="counts track-states" aria-label={words.counts}>
      {TRACK_ORDER.map((state) => (
        <Link
          key={state}
          to={trackPath('tracks', { states: [state], text: '', cursor: '' })}
          class={counts[state] > 0 ? 'count' : 'count zero'}
          title={words.stateTexts[state]}
        >
          <span class="count-figure">{number(counts[state])}</span>
          <TrackWord state={state} />
        </Link>
      ))}
    </section>
  );
}

function pathOf(filter: PlaylistFilter): string {
  const query = playlistQueryOf(filter);
  return query === '' ? 'library' : `library?${query}`;
}

function Playlists({ library }: { library: LibraryStatus }) {
  const filter = useMemo(() => playlistFilterOf(route.value.query), [route.value.query]);
  const query = playlistQueryOf(filter);
  const live = useLive(`playlists ${query}`, playlistsLive(query));
  const page = live.value.value;
  const { rows } = useSteady(page?.items ?? [], false, query);
  const words = say().library;
  const { group } = filter;
  if (library.playlists === 0) return <NoPlaylists some={library.sources.length > 0} />;
  return (
    <>
      <PlaylistFilterBar library={library} filter={filter} shown={rows} />
      <div class="list-bar">
        {page && page.total > 0 && <span class="muted">{words.playlistsTotal(page.total)}</span>}
        {group !== '' && page && page.total > 0 && <SyncButtons scope={{ groups: [group] }} name={group} />}
      </div>
      {live.problem.value && !page && <PageProblem problem={live.problem.value} again={live.reload} />}
      {page && rows.length === 0 && <Empty title={words.noMatch} text={words.noMatchText} />}
      {rows.length > 0 && <PlaylistTable rows={rows} />}
      <Paging
        label={words.playlists}
        newest={filter.cursor === '' ? null : pathOf({ ...filter, cursor: '' })}
        older={page?.next && rows.length > 0 ? pathOf({ ...filter, cursor: page.next }) : null}
        names={{ newest: say().store.first, older: say().store.next }}
      />
    </>
  );
}

interface FilterBarProps {
  library: LibraryStatus;
  filter: PlaylistFilter;
  /** Their groups may be those of folders in a pool, which no source names. */
  shown: readonly PlaylistView[];
}

function PlaylistFilterBar({ library, filter, shown }: FilterBarProps) {
  const words = say().library;
  const change = (part: Partial<PlaylistFilter>) => rewrite(pathOf({ ...filter, cursor: '', ...part }));
  const groups = [...new Set([...library.sources, ...shown].flatMap((one) => one.groups))].sort();
  const choices = [
    ['source', words.source, words.anySource, library.sources.map(({ name }) => name)],
    ['group', words.group, words.anyGroup, groups],
  ] as const;
  return (
    <search class="filter" aria-label={words.filter}>
      <div class="filter-fields">
        <SearchField label={words.text} text={filter.text} change={(text) => change({ text })} />
        {choices.map(([name, label, any, known]) => (
          <label key={name}>
            <span class="unseen">{label}</span>
            <select value={filter[name]} onChange={(event) => change({ [name]: event.currentTarget.value })}>
              <option value="">{any}</option>
              {[...new Set([...known, ...(filter[name] === '' ? [] : [filter[name]])])].map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
    </search>
  );
}

function NoPlaylists({ some }: { some: boolean }) {
  const words = say().library;
  const file = `cat >> ${status.value?.dataDir ?? 'data'}/sources.yaml <<'EOF'
- name: podcasts
  kind: feed
  url: https://example.org/feed.xml
EOF`;
  return (
    <Empty title={words.none} text={some ? words.noneSync : words.noneText}>
      {!some && <Copyable text={file} />}
    </Empty>
  );
}

function BackToLibrary() {
  return (
    <p class="crumbs">
      <Link to="library">
        <Icon name="back" />
        {say().library.back}
      </Link>
    </p>
  );
}

export function LibraryTracks() {
  const filter = useMemo(() => trackFilterOf(route.value.query), [route.value.query]);
  const title = say().library.allTracks;
  return (
    <>
      <BackToLibrary />
      <div class="page-head">
        <h1>{title}</h1>
      </div>
      <TrackList playlist={null} title={title} filter={filter} />
    </>
  );
}

export function Playlist({ id }: { id: string }) {
  const live = useLive(`playlist ${id}`, playlistLive(id));
  const playlist = live.value.value;
  const problem = live.problem.value;
  const words = say();
  return (
    <>
      <BackToLibrary />
      {playlist && <KnownPlaylist playlist={playlist} />}
      {!playlist && !problem && <h1 class="muted">{words.pages.playlist}</h1>}
      {!playlist && problem && problem.status !== 404 && <PageProblem problem={problem} again={live.reload} />}
      {!playlist && problem?.status === 404 && <Empty title={words.library.missing} text={words.library.missingText} />}
    </>
  );
}

function KnownPlaylist({ playlist }: { playlist: PlaylistView }) {
  const filter = useMemo(() => trackFilterOf(route.value.query), [route.value.query]);
  const { id, title, source, groups, counts, syncedAt, failure, goneAt } = playlist;
  const work = workOnPlaylist(useWork(), id);
  const words = say().library;
  return (
    <>
      <div class="page-head">
        <div class="task-head">
          <h1>{title}</h1>
          <p class="task-now">
            <span class="muted">{[source, ...groups].join(' · ')}</span>
            <TrackCounts counts={counts} />
            <AtWork tasks={work} name={title} />
            <span class="muted">
              {words.synced} {syncedAt === null ? words.never : <Time at={syncedAt} />}
            </span>
            {goneAt !== null && <span class="muted">{words.gone}</span>}
          </p>
        </div>
        <div class="page-actions">
          <SyncButtons scope={{ playlists: [id] }} name={title} />
        </div>
      </div>
      {failure && (
        <div class="notice error">
          <Icon name="error" />
          <div class="notice-text">
            <p class="error-text" lang="en">
              <code>{failure.code}</code> {failure.message}
            </p>
            <p>{words.advice.sync}</p>
          </div>
        </div>
      )}
      <TrackList playlist={id} title={words.tracksOf(title)} filter={filter} />
    </>
  );
}
