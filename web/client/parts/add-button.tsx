/** Opens the dialog that adds a task, from wherever it is wanted. */
import { signal } from '@preact/signals';
import { say } from '../language.ts';
import { mayOperate } from '../session.ts';
import { Icon } from './icon.tsx';

export const adding = signal(false);

export function AddButton() {
  const add = () => {
    adding.value = true;
  };
  if (!mayOperate.value) return null;
  return (
    <button type="button" class="primary" onClick={add}>
      <Icon name="add" />
      {say().do.add}
    </button>
  );
}
