/** What a run is started with, wherever that is written: its pipeline, params, sources and scope. */
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import type { RunDraft } from '../run-draft.ts';
import { pipelinesLive } from '../run-resources.ts';
import type { DraftProps } from './draft-dialog.tsx';
import { Field } from './field.tsx';
import { ParamsField } from './params-field.tsx';

type RunFieldsProps = Pick<DraftProps<RunDraft>, 'draft' | 'mistakes'> & { change(part: Partial<RunDraft>): void };

export function RunFields({ draft, mistakes, change }: RunFieldsProps) {
  const { form: words, scope } = say().runs;
  return (
    <>
      <PipelineField draft={draft} mistakes={mistakes} change={change} />
      <ParamsField
        value={draft.params}
        mistake={mistakes.params}
        hint={words.paramsHint}
        change={(params) => change({ params })}
      />
      <Field name={words.sources} hint={words.sourcesHint} mistake={mistakes.sources}>
        {(field) => (
          <input
            {...field}
            autocomplete="off"
            value={draft.sources}
            onInput={(event) => change({ sources: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field name={scope} hint={words.scopeHint} mistake={mistakes.scope}>
        {(field) => (
          <input
            {...field}
            class="code"
            autocomplete="off"
            spellcheck={false}
            value={draft.scope}
            onInput={(event) => change({ scope: event.currentTarget.value })}
          />
        )}
      </Field>
    </>
  );
}

/** Chosen from those there are, and nothing is chosen beforehand; what it does stands below. */
function PipelineField({ draft: { pipeline }, mistakes, change }: RunFieldsProps) {
  const live = useLive('pipelines', pipelinesLive);
  const { form: words, pipeline: name, stageLine } = say().runs;
  const pipelines = live.value.value?.items ?? [];
  const chosen = pipelines.find((one) => one.name === pipeline);
  const told = live.problem.value && pipelines.length === 0 ? words.unanswered : undefined;
  const none = live.value.value?.items.length === 0 ? words.noneYet : words.pipelineHint;
  const hint = chosen
    ? [stageLine(chosen.stages.map((stage) => stage.name)), chosen.note].filter(Boolean).join(' · ')
    : none;
  const names = new Set([...pipelines.map((one) => one.name).sort(), ...(pipeline === '' ? [] : [pipeline])]);
  return (
    <Field name={name} hint={hint} mistake={mistakes.pipeline ?? told}>
      {(field) => (
        <select
          {...field}
          data-first
          value={pipeline}
          onChange={(event) => change({ pipeline: event.currentTarget.value })}
        >
          <option value="" disabled>
            {words.choose}
          </option>
          {[...names].map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
