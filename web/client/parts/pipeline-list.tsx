/** The pipelines there are: what each takes its tasks through, and files that could not be used. */
import type { PipelineRecord } from '../../../supervisor/core/run/record.ts';
import type { PipelineFailure } from '../../../supervisor/runs-facade.ts';
import { say } from '../language.ts';
import { starting } from '../run-actions.ts';
import { EMPTY_RUN } from '../run-draft.ts';
import { mayAdd } from './add-button.tsx';
import { Icon } from './icon.tsx';
import { Mistakes } from './mistakes.tsx';
import { PanelTable } from './panel-table.tsx';

export function PipelineFailures({ failures }: { failures: readonly PipelineFailure[] }) {
  const words = say().runs;
  if (failures.length === 0) return null;
  return (
    <section aria-label={words.wrong}>
      {failures.map(({ file, mistakes, serving }) => (
        <Mistakes key={file} title={<code class="failure-file">pipelines/{file}</code>} mistakes={mistakes}>
          <p>{serving === null ? words.notServing : words.serving(serving)}</p>
          <p class="muted">{words.wrongAction}</p>
        </Mistakes>
      ))}
    </section>
  );
}

export function PipelineList({ pipelines }: { pipelines: readonly PipelineRecord[] }) {
  const { runs: words, columns } = say();
  if (pipelines.length === 0) return null;
  return (
    <PanelTable
      title={words.pipelines}
      kind="pipeline-table"
      columns={[
        { name: words.pipeline },
        { name: words.file, class: 'col-how roomy' },
        { name: words.version, class: 'col-version wide-only' },
        ...(mayAdd.value ? [{ name: columns.actions, class: 'col-start end', unseen: true }] : []),
      ]}
    >
      {[...pipelines]
        .sort((a, b) => a.name.localeCompare(b.name))
        .map((pipeline) => (
          <Row key={pipeline.name} pipeline={pipeline} />
        ))}
    </PanelTable>
  );
}

function Row({ pipeline: { name, note, stages, file, version } }: { pipeline: PipelineRecord }) {
  const words = say().runs;
  const start = () => {
    starting.value = { ...EMPTY_RUN, pipeline: name };
  };
  return (
    <tr>
      <th scope="row">
        <span class="task-type">{name}</span>
        <span class="line-below muted">{words.stageLine(stages.map((stage) => stage.name))}</span>
        {note !== '' && <span class="line-below muted">{note}</span>}
      </th>
      <td class="roomy muted">{file || words.builtIn}</td>
      <td class="wide-only muted">
        <code>{version}</code>
      </td>
      {mayAdd.value && (
        <td class="end">
          <button type="button" class="small" aria-label={`${words.form.submit}: ${name}`} onClick={start}>
            <Icon name="run" />
            {words.form.submit}
          </button>
        </td>
      )}
    </tr>
  );
}
