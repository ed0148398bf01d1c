/** Tracks filtered and paged by the server: of one playlist, or of all. */
import type { TrackState } from '../../../workers/library-contract.ts';
import { say } from '../language.ts';
import { type TrackFilter, trackPath, trackQueryOf, tracksLive } from '../library-resources.ts';
import { useLive } from '../live.ts';
import { rewrite } from '../router.ts';
import { useSteady } from '../steady.ts';
import { Chips } from './chips.tsx';
import { Empty } from './empty.tsx';
import { PageProblem } from './page-problem.tsx';
import { Paging } from './paging.tsx';
import { SearchField } from './search-field.tsx';
import { TrackTable } from './track-table.tsx';
import { TRACK_ORDER, TrackWord } from './track-words.tsx';

const tracksShownMax = 50;

interface TrackListProps {
  /** Of the playlist; null for all. */
  playlist: string | null;
  title: string;
  filter: TrackFilter;
}

export function TrackList({ playlist, title, filter }: TrackListProps) {
  const own = playlist === null ? '' : `&playlist=${playlist}`;
  const query = `${trackQueryOf(filter)}&limit=${tracksShownMax}${own}`;
  const live = useLive(`tracks ${query}`, tracksLive(query));
  const page = live.value.value;
  const { rows } = useSteady(page?.items ?? [], false, query);
  const { library: words, columns } = say();
  const pathOf = (part: Partial<TrackFilter>) => trackPath(playlist ?? 'tracks', { ...filter, cursor: '', ...part });
  return (
    <>
      <search class="filter" aria-label={words.filterTracks}>
        <div class="filter-fields">
          <SearchField label={words.trackText} text={filter.text} change={(text) => rewrite(pathOf({ text }))} />
        </div>
        <Chips<TrackState>
          name={columns.state}
          known={TRACK_ORDER}
          chosen={TRACK_ORDER.filter((state) => filter.states.includes(state))}
          change={(states) => rewrite(pathOf({ states }))}
          word={(state) => <TrackWord state={state} />}
        />
      </search>
      <div class="list-bar">{page && page.total > 0 && <span class="muted">{words.tracksTotal(page.total)}</span>}</div>
      {live.problem.value && !page && <PageProblem problem={live.problem.value} again={live.reload} />}
      {page && rows.length === 0 && <Empty title={words.noTracks} text={words.noTracksText} />}
      {rows.length > 0 && <TrackTable rows={rows} mixed={playlist === null} title={title} />}
      <Paging
        label={title}
        newest={filter.cursor === '' ? null : pathOf({})}
        older={page?.next && rows.length > 0 ? pathOf({ cursor: page.next }) : null}
        names={{ newest: say().store.first, older: say().store.next }}
      />
    </>
  );
}
