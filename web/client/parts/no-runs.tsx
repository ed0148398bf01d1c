/** Nobody has started a run yet: what one is, and two ways to start the first; or a pipeline to copy where there is none. */
import type { PipelineRecord } from '../../../supervisor/core/run/record.ts';
import { say } from '../language.ts';
import { starting } from '../run-actions.ts';
import { EMPTY_RUN } from '../run-draft.ts';
import { status } from '../supervisor.ts';
import { mayAdd } from './add-button.tsx';
import { Copyable } from './copy.tsx';
import { Empty } from './empty.tsx';
import { Icon } from './icon.tsx';

function file(): string {
  return `cat > ${status.value?.dataDir ?? 'data'}/pipelines/fetch.yaml <<'EOF'
name: fetch
stages:
  - name: request
    type: http.request
EOF`;
}

interface NoRunsProps {
  filtered: boolean;
  pipelines: readonly PipelineRecord[];
}

export function NoRuns({ filtered, pipelines }: NoRunsProps) {
  const words = say().runs;
  if (filtered) return <Empty title={words.noMatch} text={words.noMatchText} />;
  // One of the reader's own says more than one that is built in.
  const first = pipelines.find(({ builtIn }) => !builtIn) ?? pipelines[0];
  if (!first)
    return (
      <Empty title={words.noPipeline} text={words.noPipelineText}>
        <Copyable text={file()} />
      </Empty>
    );
  return (
    <Empty title={words.none} text={words.noneText}>
      <Copyable text={`nightshift runs start ${first.name}`} />
      <StartButton />
    </Empty>
  );
}

export function StartButton() {
  const start = () => {
    starting.value = EMPTY_RUN;
  };
  if (!mayAdd.value) return null;
  return (
    <button type="button" class="primary" onClick={start}>
      <Icon name="run" />
      {say().runs.start}
    </button>
  );
}
