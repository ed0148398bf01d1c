/** The pipelines there are: what each takes its tasks through, and files that could not be used. */
import type { PipelineRecord } from '../../../supervisor/core/run/record.ts';
import type { PipelineFailure } from '../../../supervisor/runs-facade.ts';
import { say } from '../language.ts';
import { starting } from '../run-actions.ts';
import { EMPTY_RUN } from '../run-draft.ts';
import { mayAdd } from './add-button.tsx';
import { Icon } from './icon.tsx';
import { SeverityWord } from './state-word.tsx';

export function PipelineFailures({ failures }: { failures: readonly PipelineFailure[] }) {
  if (failures.length === 0) return null;
  return (
    <section aria-label={say().runs.wrong}>
      {failures.map((failure) => (
        <Failure key={failure.file} failure={failure} />
      ))}
    </section>
  );
}

function Failure({ failure: { file, mistakes, serving } }: { failure: PipelineFailure }) {
  const words = say().runs;
  return (
    <div class="notice error">
      <SeverityWord severity="error" />
      <div class="notice-text">
        <p>
          <code class="failure-file">pipelines/{file}</code>
        </p>
        <ul class="problems" lang="en">
          {mistakes.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
        <p>{serving === null ? words.notServing : words.serving(serving)}</p>
        <p class="muted">{words.wrongAction}</p>
      </div>
    </div>
  );
}

export function PipelineList({ pipelines }: { pipelines: readonly PipelineRecord[] }) {
  const { runs: words, columns } = say();
  if (pipelines.length === 0) return null;
  return (
    <section class="panel pipelines" aria-label={words.pipelines}>
      <header class="panel-head">
        <h2>{words.pipelines}</h2>
      </header>
      <table class="pipeline-table">
        <thead>
          <tr>
            <th scope="col">{words.pipeline}</th>
            <th scope="col" class="col-how roomy">
              {words.file}
            </th>
            <th scope="col" class="col-version wide-only">
              {words.version}
            </th>
            {mayAdd.value && (
              <th scope="col" class="col-start end">
                <span class="unseen">{columns.actions}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {[...pipelines]
            .sort((a, b) => a.name.localeCompare(b.name))
            .map((pipeline) => (
              <Row key={pipeline.name} pipeline={pipeline} />
            ))}
        </tbody>
      </table>
    </section>
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
