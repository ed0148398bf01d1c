/** What the settings were: every revision with who changed what, and the way to compare it or to bring it back. */
import { useSignal } from '@preact/signals';
import type { RevisionView, SettingsView } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { revisionsLive } from '../resources.ts';
import { route } from '../router.ts';
import { mayAdminister } from '../session.ts';
import { useSteady } from '../steady.ts';
import { ApplyRevision } from './apply-revision.tsx';
import { Fresh } from './fresh.tsx';
import { PageProblem } from './page-problem.tsx';
import { Paging } from './paging.tsx';
import { RevisionDialog } from './revision-dialog.tsx';
import { Word } from './state-word.tsx';
import { Time } from './time.tsx';

/** What is open above the list. */
type Opened = { readonly what: 'look' | 'apply'; readonly revision: RevisionView } | null;

export function Revisions({ view }: { view: SettingsView }) {
  const cursor = route.value.query.get('cursor') ?? '';
  const live = useLive(`revisions ${cursor}`, revisionsLive(cursor));
  const page = live.value.value;
  const shown = useSignal(0);
  const { rows, fresh } = useSteady(page?.items ?? [], false, `${cursor} ${shown.value}`);
  const words = say();
  const show = () => {
    shown.value += 1;
  };
  return (
    <>
      {live.problem.value && !page && <PageProblem problem={live.problem.value} again={live.reload} />}
      <div class="list-bar" data-steady>
        {page && page.total > 0 && <span class="muted">{words.settings.revision.total(page.total)}</span>}
        {fresh > 0 && <Fresh text={words.settings.revision.fresh(fresh)} show={show} />}
      </div>
      {page && rows.length === 0 && <NoRevisions />}
      {rows.length > 0 && <RevisionTable rows={rows} view={view} />}
      <Paging
        label={words.settings.revisions}
        newest={cursor === '' ? null : 'settings/revisions'}
        older={page?.next ? `settings/revisions?${new URLSearchParams({ cursor: page.next })}` : null}
      />
    </>
  );
}

function NoRevisions() {
  const words = say().settings.revision;
  return (
    <div class="empty">
      <h2>{words.none}</h2>
      <p>{words.noneText}</p>
    </div>
  );
}

function RevisionTable({ rows, view }: { rows: readonly RevisionView[]; view: SettingsView }) {
  const opened = useSignal<Opened>(null);
  const words = say();
  const { revision } = words.settings;
  const current = view.revision?.id ?? null;
  return (
    <section class="panel" aria-label={words.settings.revisions} data-steady>
      <table class="revision-table">
        <thead>
          <tr>
            <th scope="col" class="col-head">
              {revision.revision}
            </th>
            <th scope="col">{revision.keys}</th>
            <th scope="col" class="col-by roomy">
              {revision.by}
            </th>
            <th scope="col" class="col-act">
              <span class="unseen">{words.columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <RevisionRow
              key={row.id}
              row={row}
              current={current}
              open={(what) => {
                opened.value = { what, revision: row };
              }}
            />
          ))}
        </tbody>
      </table>
      <OpenedDialog opened={opened.value} view={view} open={(next) => (opened.value = next)} />
    </section>
  );
}

interface OpenedProps {
  opened: Opened;
  view: SettingsView;
  open(opened: Opened): void;
}

function OpenedDialog({ opened, view, open }: OpenedProps) {
  const current = view.revision?.id ?? null;
  if (!opened) return null;
  const { what, revision } = opened;
  const close = () => open(null);
  if (what === 'apply' && current !== null) {
    return <ApplyRevision revision={revision} current={current} view={view} close={close} />;
  }
  return (
    <RevisionDialog
      revision={revision}
      current={current}
      apply={() => open({ what: 'apply', revision })}
      close={close}
    />
  );
}

interface RowProps {
  row: RevisionView;
  current: string | null;
  open(what: 'look' | 'apply'): void;
}

function RevisionRow({ row, current, open }: RowProps) {
  const words = say().settings.revision;
  const { id, createdAt, by, from, note, keys } = row;
  return (
    <tr>
      <th scope="row" class="two-lines">
        <span class="revision-id">
          {id}
          {id === current && <Word icon="succeeded" tone="good" word={words.current} />}
        </span>
        <span class="line-below muted">
          <Time at={createdAt} />
        </span>
      </th>
      <td>
        <span class="cut" title={keys.join(', ')}>
          {keys.length === 0 ? <span class="muted">{words.nothing}</span> : keys.join(', ')}
        </span>
        {note !== null && <span class="line-below cut">{note}</span>}
        <span class="second-line muted">{words.byWhom[by]}</span>
      </td>
      <td class="roomy">
        {words.byWhom[by]}
        {from !== null && <span class="line-below muted cut">{from}</span>}
      </td>
      <td class="end">
        <RowButtons id={id} applies={mayAdminister.value && current !== null && id !== current} open={open} />
      </td>
    </tr>
  );
}

function RowButtons({ id, applies, open }: { id: string; applies: boolean; open: RowProps['open'] }) {
  const words = say().settings.revision;
  return (
    <span class="row-buttons">
      <button type="button" class="small" aria-label={`${words.look}: ${id}`} onClick={() => open('look')}>
        {words.look}
      </button>
      {applies && (
        <button type="button" class="small" aria-label={`${words.apply}: ${id}`} onClick={() => open('apply')}>
          {words.apply}
        </button>
      )}
    </span>
  );
}
