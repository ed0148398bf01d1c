/** What is selected in the list, and the bar that acts on it: the picked ones, or everything that matches the filter. */
import type { Signal } from '@preact/signals';
import type { TaskView } from '../../../supervisor/facade.ts';
import { say } from '../language.ts';
import { actOnMany, allows, BULK_ACTIONS, promote } from '../task-actions.ts';
import { bodyOf, type TaskFilter } from '../task-filter.ts';
import { Icon } from './icon.tsx';

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Not only these: all that the filter matches, on every page. */
  readonly everything: boolean;
}

export type BulkAction = (typeof BULK_ACTIONS)[number];
const ICONS = { retry: 'retrying', cancel: 'cancel', promote: 'promote' } as const;

interface BulkProps {
  selection: Signal<Selection>;
  rows: readonly TaskView[];
  filter: TaskFilter;
  /** There are more pages. */
  more: boolean;
}

export function Bulk({ selection, rows, filter, more }: BulkProps) {
  const words = say();
  const { ids, everything } = selection.value;
  const whole = rows.every((row) => ids.has(row.id));
  return (
    <div class="bulk">
      <strong role="status">{everything ? words.list.everythingSelected : words.list.selected(ids.size)}</strong>
      {BULK_ACTIONS.map((action) => (
        <button
          key={action}
          type="button"
          disabled={!possible(action, selection.value, rows)}
          onClick={() => void actOnSelected(action, selection, rows, filter)}
        >
          <Icon name={ICONS[action]} />
          {words.do[action]}
        </button>
      ))}
      {whole && more && !everything && (
        <button
          type="button"
          class="quiet"
          onClick={() => {
            selection.value = { ids, everything: true };
          }}
        >
          {words.list.everything}
        </button>
      )}
      <button type="button" class="quiet" onClick={() => clear(selection)}>
        {words.list.unselect}
      </button>
    </div>
  );
}

function clear(selection: Signal<Selection>): void {
  selection.value = { ids: new Set(), everything: false };
}

function possible(action: BulkAction, { ids, everything }: Selection, rows: readonly TaskView[]): boolean {
  if (everything) return action !== 'promote';
  return rows.some((row) => ids.has(row.id) && allows(row, action));
}

/** Ids whose state does not allow it stay out; the server has the last word all the same. */
export async function actOnSelected(
  action: BulkAction,
  selection: Signal<Selection>,
  rows: readonly TaskView[],
  filter?: TaskFilter,
): Promise<void> {
  const { ids, everything } = selection.value;
  if (!possible(action, selection.value, rows)) return;
  const allowed = rows.filter((row) => ids.has(row.id) && allows(row, action)).map((row) => row.id);
  if (action === 'promote') {
    await promote(allowed);
    clear(selection);
    return;
  }
  const which = everything && filter ? { filter: bodyOf(filter) } : { ids: allowed };
  if (await actOnMany(action, which)) clear(selection);
}
