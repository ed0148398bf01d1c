/** The buttons that act on one task; only what its state allows is there. */
import type { TaskView } from '../../../supervisor/facade.ts';
import { say } from '../language.ts';
import { mayOperate } from '../session.ts';
import { actOn, allows, PAGE_ACTIONS, type TaskAction } from '../task-actions.ts';
import { Icon } from './icon.tsx';
import { nameOf } from './task-name.tsx';

const ICONS = { retry: 'retrying', edit: 'edit', cancel: 'cancel', promote: 'promote', again: 'retrying' } as const;

interface TaskButtonsProps {
  task: TaskView;
  only?: readonly TaskAction[];
  /** In a table the row says which task it is; a reader of a screen hears it with the button. */
  compact?: boolean;
}

export function TaskButtons({ task, only = PAGE_ACTIONS, compact = false }: TaskButtonsProps) {
  const words = say().do;
  if (!mayOperate.value) return null;
  return (
    <span class="task-buttons">
      {only
        .filter((action) => allows(task, action))
        .map((action) => (
          <button
            key={action}
            type="button"
            data-action={action}
            class={compact ? `small ${action === 'retry' ? '' : 'quiet'}` : undefined}
            aria-label={compact ? `${words[action]}: ${nameOf(task)}` : undefined}
            title={compact ? words[action] : undefined}
            onClick={() => void actOn(task, action)}
          >
            <Icon name={ICONS[action]} />
            <span class="button-word">{words[action]}</span>
          </button>
        ))}
    </span>
  );
}
