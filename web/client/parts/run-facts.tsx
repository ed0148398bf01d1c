/** The facts of a run, as a list of names and values; what it does not have is not there. */
import type { ComponentChildren } from 'preact';
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { FactList } from './fact-list.tsx';
import { Link } from './link.tsx';
import { Time } from './time.tsx';

function factsOf(run: RunRecord): readonly (readonly [string, ComponentChildren])[] {
  const { runs: words, columns, task } = say();
  const { sources, scope, settingsRevision } = run;
  const facts: [string, ComponentChildren][] = [
    [task.id, <code class="id">{run.id}</code>],
    [words.pipeline, run.pipeline],
    [words.version, <code>{run.pipelineVersion}</code>],
    [
      words.settings,
      settingsRevision === null ? words.settingsNone : <Link to="settings/revisions">{settingsRevision}</Link>,
    ],
    [columns.created, <Time at={run.createdAt} />],
    [columns.started, run.startedAt && <Time at={run.startedAt} />],
    [columns.finished, run.finishedAt && <Time at={run.finishedAt} />],
    [words.estimated, run.estimatedEndAt && <Time at={run.estimatedEndAt} />],
    [words.startedBy, run.createdBy],
    [columns.priority, number(run.priority)],
    [words.sources, sources?.join(', ')],
    [words.scope, scope !== null && <code>{JSON.stringify(scope)}</code>],
  ];
  return facts.filter(([, value]) => value);
}

export function RunFacts({ run }: { run: RunRecord }) {
  return <FactList title={say().runs.about} facts={factsOf(run)} />;
}
