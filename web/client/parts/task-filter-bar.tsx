/** State, type, text and more of the list of tasks; what is typed goes to the server once the hand rests. */
import { useSignal } from '@preact/signals';
import { useEffect, useId, useRef } from 'preact/hooks';
import type { TaskState } from '../../../supervisor/core/task.ts';
import type { Problem } from '../api.ts';
import { say } from '../language.ts';
import { moreMistakes } from '../more-filters.ts';
import { loadHandlers } from '../resources.ts';
import { go, rewrite } from '../router.ts';
import { queueLoad } from '../supervisor.ts';
import { isEmpty, pathOf, type TaskFilter } from '../task-filter.ts';
import { Chips } from './chips.tsx';
import { Icon } from './icon.tsx';
import { MoreChips, MorePanel } from './more-filters.tsx';
import { SearchField } from './search-field.tsx';
import { STATE_ORDER, StateWord } from './state-word.tsx';

/** @param problem what the server said of this filter */
export function TaskFilterBar({ filter, problem }: { filter: TaskFilter; problem: Problem | null }) {
  const opened = useSignal(false);
  const id = useId();
  const toggle = useRef<HTMLButtonElement>(null);
  const mistakes = moreMistakes(problem);
  const wrong = Object.keys(mistakes).length > 0;
  useEffect(() => {
    if (wrong) opened.value = true;
  }, [wrong, opened]);
  const words = say().list;
  const change = (part: Partial<TaskFilter>) => rewrite(pathOf({ ...filter, cursor: '', ...part }));
  return (
    <search class="filter" aria-label={words.filter}>
      <div class="filter-fields">
        <SearchField label={words.text} text={filter.text} change={(text) => change({ text })} />
        <TypeField type={filter.type} change={(type) => change({ type })} />
        <button
          ref={toggle}
          type="button"
          aria-expanded={opened.value}
          aria-controls={opened.value ? id : undefined}
          onClick={() => {
            opened.value = !opened.value;
          }}
        >
          {words.more.open}
          <Icon name="more" />
        </button>
        {!isEmpty(filter) && (
          <button type="button" class="quiet" onClick={() => go('tasks')}>
            <Icon name="cancel" />
            {words.clear}
          </button>
        )}
      </div>
      {opened.value && (
        <MorePanel
          id={id}
          more={filter.more}
          mistakes={mistakes}
          change={(more) => change({ more })}
          close={() => {
            opened.value = false;
            toggle.current?.focus();
          }}
        />
      )}
      <Chips<TaskState>
        name={say().columns.state}
        known={STATE_ORDER}
        chosen={filter.states}
        change={(states) => change({ states })}
        word={(state) => <StateWord state={state} />}
      />
      <MoreChips more={filter.more} change={(more) => change({ more })} />
    </search>
  );
}

function TypeField({ type, change }: { type: string; change(type: string): void }) {
  const handled = useSignal<readonly string[]>([]);
  useEffect(() => {
    loadHandlers().then(
      (handlers) => {
        handled.value = handlers.map((one) => one.type);
      },
      () => undefined,
    );
  }, [handled]);
  const known = new Set([...handled.value, ...(queueLoad.value.value?.types.map((one) => one.type) ?? [])]);
  if (type !== '') known.add(type);
  const words = say().list;
  return (
    <label>
      <span class="unseen">{words.type}</span>
      <select value={type} onChange={(event) => change(event.currentTarget.value)}>
        <option value="">{words.anyType}</option>
        {[...known].sort().map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}
