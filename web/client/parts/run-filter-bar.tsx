/** State and pipeline of the list of runs. */
import type { PipelineRecord } from '../../../supervisor/core/run/record.ts';
import type { RunState } from '../../../supervisor/core/run/run-state.ts';
import { say } from '../language.ts';
import { rewrite } from '../router.ts';
import { type RunFilter, runsPathOf } from '../run-filter.ts';
import { Chips } from './chips.tsx';
import { Icon } from './icon.tsx';
import { RUN_STATE_ORDER, RunStateWord } from './run-words.tsx';

interface RunFilterBarProps {
  filter: RunFilter;
  pipelines: readonly PipelineRecord[];
}

export function RunFilterBar({ filter, pipelines }: RunFilterBarProps) {
  const words = say();
  const { states, pipeline } = filter;
  const change = (part: Partial<RunFilter>) => rewrite(runsPathOf({ ...filter, cursor: '', ...part }));
  const names = new Set([...pipelines.map(({ name }) => name), ...(pipeline === '' ? [] : [pipeline])]);
  return (
    <search class="filter" aria-label={words.runs.filter}>
      <div class="filter-fields">
        <label>
          <span class="unseen">{words.runs.pipeline}</span>
          <select value={pipeline} onChange={(event) => change({ pipeline: event.currentTarget.value })}>
            <option value="">{words.runs.anyPipeline}</option>
            {[...names].sort().map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {(pipeline !== '' || states.length > 0) && (
          <button type="button" class="quiet" onClick={() => change({ states: [], pipeline: '' })}>
            <Icon name="cancel" />
            {words.list.clear}
          </button>
        )}
      </div>
      <Chips<RunState>
        name={words.columns.state}
        known={RUN_STATE_ORDER}
        chosen={states}
        change={(chosen) => change({ states: chosen })}
        word={(state) => <RunStateWord state={state} />}
      />
    </search>
  );
}
