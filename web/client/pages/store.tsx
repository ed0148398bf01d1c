/** The store: how full it is, and its keys with their values and ends, found by how they begin. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { say } from '../language.ts';
import { type Live, useLive } from '../live.ts';
import { serverNow } from '../now.ts';
import { Fresh } from '../parts/fresh.tsx';
import { NoKeys, SetKey } from '../parts/no-keys.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { Paging } from '../parts/paging.tsx';
import { SearchField } from '../parts/search-field.tsx';
import { StoreTable } from '../parts/store-table.tsx';
import { Expired, NearlyFull, StoreUsage } from '../parts/store-usage.tsx';
import { rewrite, route } from '../router.ts';
import { useSteady } from '../steady.ts';
import { type StorePage, storeLive } from '../store-resources.ts';

interface Asked {
  readonly prefix: string;
  readonly cursor: string;
}

function asked(): Asked {
  const { query } = route.value;
  return { prefix: query.get('prefix') ?? '', cursor: query.get('cursor') ?? '' };
}

function queryOf({ prefix, cursor }: Asked): string {
  return new URLSearchParams({ ...(prefix !== '' && { prefix }), ...(cursor !== '' && { cursor }) }).toString();
}

/** Slashes stay readable. */
function pathOf(what: Asked): string {
  const query = queryOf(what).replaceAll('%2F', '/');
  return query === '' ? 'store' : `store?${query}`;
}

export function Store() {
  const what = asked();
  const query = queryOf(what);
  const live = useLive(`store ${query}`, storeLive(query));
  useEnds(live);
  const page = live.value.value;
  const words = say();
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{words.pages.store}</h1>
          <p class="muted">{page ? <StoreUsage usage={page.store} /> : ' '}</p>
        </div>
        <div class="page-actions">
          <SetKey />
        </div>
      </div>
      {live.problem.value && !page && <PageProblem problem={live.problem.value} again={live.reload} />}
      {page && <NearlyFull usage={page.store} />}
      <search class="filter" aria-label={words.store.filter}>
        <div class="filter-fields">
          <SearchField
            label={words.store.prefix}
            text={what.prefix}
            change={(prefix) => rewrite(pathOf({ prefix, cursor: '' }))}
          />
        </div>
      </search>
      {page && <List page={page} what={what} />}
    </>
  );
}

function List({ page, what }: { page: StorePage; what: Asked }) {
  const words = say().store;
  const shown = useSignal(0);
  const items = page.items.map((stored) => ({ ...stored, id: stored.key }));
  const { rows, fresh } = useSteady(items, false, `${queryOf(what)} ${shown.value}`);
  const showFresh = () => {
    shown.value += 1;
  };
  return (
    <>
      <div class="list-bar store-bar" data-steady>
        {what.prefix !== '' && page.total > 0 && <span class="muted">{words.total(page.total)}</span>}
        {what.prefix === '' && <Expired count={page.store.keys - page.total} />}
        {fresh > 0 && <Fresh text={words.fresh(fresh)} show={showFresh} />}
      </div>
      {rows.length === 0 ? <NoKeys filtered={what.prefix !== '' || what.cursor !== ''} /> : <StoreTable rows={rows} />}
      <Paging
        label={say().pages.store}
        newest={what.cursor === '' ? null : pathOf({ ...what, cursor: '' })}
        older={page.next === null ? null : pathOf({ ...what, cursor: page.next })}
        names={{ newest: words.first, older: words.next }}
      />
    </>
  );
}

const timerMsMax = 2 ** 31 - 1;

/** No event tells that a key has ended: the page looks again when the next one of it does. */
function useEnds(live: Live<StorePage>): void {
  const ends = live.value.value?.items.flatMap(({ expiresAt }) => (expiresAt === null ? [] : [Date.parse(expiresAt)]));
  const next = ends && ends.length > 0 ? Math.min(...ends) : null;
  useEffect(() => {
    if (next === null) return undefined;
    const timer = setTimeout(live.reload, Math.min(timerMsMax, Math.max(0, next - serverNow()) + 250));
    return () => clearTimeout(timer);
  }, [next, live]);
}
