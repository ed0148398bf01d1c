/** The dialog that starts a run. Mistakes, its own and the server's, stand at the field they are about. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { Problem, post } from '../api.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { go, runPath } from '../router.ts';
import { starting } from '../run-actions.ts';
import { ownRunMistakes, type RunDraft, type RunMistakes, runBodyOf, runMistakesOf } from '../run-draft.ts';
import { pipelinesLive } from '../run-resources.ts';
import { letGo } from '../steady.ts';
import { refreshAll } from '../stream.ts';
import { ask } from './ask.tsx';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';
import { ParamsField } from './params-field.tsx';
import { toast } from './toasts.tsx';

export function StartRun() {
  return starting.value && <StartDialog began={starting.value} />;
}

function close(): void {
  starting.value = null;
}

function StartDialog({ began }: { began: RunDraft }) {
  const draft = useSignal(began);
  const mistakes = useSignal<RunMistakes>({});
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<RunDraft>) => {
    draft.value = { ...draft.value, ...part };
    const left = { ...mistakes.value };
    for (const field of [...Object.keys(part), 'form']) delete left[field as keyof RunMistakes];
    mistakes.value = left;
  };
  const leave = async () => {
    const { discardTitle: title, discardText: text } = say().runs.form;
    const { discardYes: yes, discardNo: no } = say().ask;
    const { pipeline: _, ...written } = draft.value;
    const { pipeline: __, ...before } = began;
    const same = JSON.stringify(written) === JSON.stringify(before);
    if (same || (await ask({ title, text, yes, no, tone: 'bad' })) !== null) close();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    mistakes.value = await send(draft.value);
    busy.value = false;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const words = say();
  return (
    <Dialog title={words.runs.start} wide leave={leave} onClose={close}>
      <form ref={form} onSubmit={submit} noValidate>
        <Fields draft={draft.value} mistakes={mistakes.value} change={change} />
        {mistakes.value.form && (
          <p class="mistake" role="alert">
            {mistakes.value.form}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" onClick={leave}>
            {words.do.close}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            {words.runs.form.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FieldsProps {
  draft: RunDraft;
  mistakes: RunMistakes;
  change(part: Partial<RunDraft>): void;
}

function Fields({ draft, mistakes, change }: FieldsProps) {
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
function PipelineField({ draft: { pipeline }, mistakes, change }: FieldsProps) {
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

/** @returns what is wrong; nothing, and the dialog is closed, when the run is durable. */
async function send(draft: RunDraft): Promise<RunMistakes> {
  const own = ownRunMistakes(draft);
  if (Object.keys(own).length > 0) return own;
  try {
    const { run } = await post<{ run: RunRecord }>('runs', runBodyOf(draft));
    close();
    toast(say().runs.told.started(run.pipeline));
    letGo();
    refreshAll();
    go(runPath(run.id));
    return {};
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // A toast would stand below the dialog.
    if (error.status === 0) return { form: say().told.unreachable };
    return runMistakesOf(error.mistakes, error.message);
  }
}
