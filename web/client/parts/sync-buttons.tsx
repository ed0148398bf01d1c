/** Syncs a playlist or a group at once, or opens the form of a schedule that does so. */
import { say } from '../language.ts';
import { type SyncScope, scheduleSync, syncNow } from '../library-actions.ts';
import { mayAdd } from './add-button.tsx';
import { Icon } from './icon.tsx';

interface SyncButtonsProps {
  scope: SyncScope;
  name: string;
  /** In a table the row says what is meant; a reader of a screen hears it with the button. */
  compact?: boolean;
}

export function SyncButtons({ scope, name, compact = false }: SyncButtonsProps) {
  const words = say().library.do;
  if (!mayAdd.value) return null;
  return (
    <span class={compact ? 'icon-buttons' : 'task-buttons'}>
      <button
        type="button"
        class={compact ? 'small quiet' : undefined}
        aria-label={compact ? words.syncOf(name) : undefined}
        title={compact ? words.sync : undefined}
        onClick={() => void syncNow(scope, name)}
      >
        <Icon name="retrying" />
        {!compact && words.sync}
      </button>
      <button
        type="button"
        class={compact ? 'small quiet' : undefined}
        aria-label={compact ? words.scheduleOf(name) : undefined}
        title={compact ? words.schedule : undefined}
        onClick={() => void scheduleSync(scope, name)}
      >
        <Icon name="schedules" />
        {!compact && words.schedule}
      </button>
    </span>
  );
}
