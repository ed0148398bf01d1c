/** Opens the dialog that adds a task, from wherever it is wanted. */
import { computed, signal } from '@preact/signals';
import { say } from '../language.ts';
import { mayOperate } from '../session.ts';
import { stopping } from '../supervisor.ts';
import { Icon } from './icon.tsx';

export const adding = signal(false);

/** What stops takes no new work. */
export const mayAdd = computed(() => mayOperate.value && !stopping.value);

export function AddButton() {
  const add = () => {
    adding.value = true;
  };
  if (!mayAdd.value) return null;
  return (
    <button type="button" class="primary" onClick={add}>
      <Icon name="add" />
      {say().do.add}
    </button>
  );
}
