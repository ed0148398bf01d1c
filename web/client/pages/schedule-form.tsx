/** Makes a schedule or changes one. What is typed outlives the page; a change of somebody else is never overwritten unseen. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ScheduleRecord } from '../../../supervisor/core/schedule/record.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { AddTaskType } from '../parts/add-task-type.tsx';
import { Icon } from '../parts/icon.tsx';
import { ParamsField } from '../parts/params-field.tsx';
import { RunFields } from '../parts/run-fields.tsx';
import { ScheduleMore } from '../parts/schedule-more.tsx';
import { SchedulePreview } from '../parts/schedule-preview.tsx';
import { type SchedulePartProps, TextOf } from '../parts/schedule-text.tsx';
import { ScheduleWhen } from '../parts/schedule-when.tsx';
import { createInstead, editingOf, isStale, isWritten, leave, loadAnew, save, write } from '../schedule-editing.ts';
import { usePreview } from '../schedule-preview.ts';
import { scheduleLive } from '../schedule-resources.ts';
import { exampleOf, isExample } from '../task-draft.ts';
import { zone } from '../zone.ts';
import { BackToSchedules, NotKnown } from './schedule.tsx';

export function NewSchedule() {
  return (
    <>
      <BackToSchedules />
      <ScheduleForm record={null} gone={false} />
    </>
  );
}

export function EditSchedule({ id }: { id: string }) {
  const live = useLive(`schedule ${id}`, scheduleLive(id));
  const record = live.value.value;
  return (
    <>
      <BackToSchedules />
      {record ? (
        <ScheduleForm record={record} gone={live.problem.value?.status === 404} />
      ) : (
        <NotKnown live={live} id={id} />
      )}
    </>
  );
}

/** @param gone somebody has deleted it since */
function ScheduleForm({ record, gone }: { record: ScheduleRecord | null; gone: boolean }) {
  const began = useRef(record);
  const editing = editingOf(began.current);
  const { draft, base } = editing;
  const told = usePreview(draft).value;
  const busy = useSignal(false);
  const isGone = gone || editing.refused === 'gone';
  const form = useRef<HTMLFormElement>(null);
  const words = say();
  const change: SchedulePartProps['change'] = (part) => write(editing, part);
  const mistakes = { ...told.mistakes, ...editing.mistakes };
  const props: SchedulePartProps = { draft, mistakes, zone: zone.value, change };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    await save(editing);
    busy.value = false;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  return (
    <>
      <div class="page-head">
        <h1>{base ? words.scheduleForm.editTitle(base.name) : words.pages.newSchedule}</h1>
      </div>
      <form ref={form} class="schedule-form" onSubmit={submit} noValidate>
        <div class="form-part">
          <TextOf name="name" {...props} />
          <ScheduleWhen {...props} />
        </div>
        <SchedulePreview draft={draft} told={told} own={base?.id ?? null} />
        <div class="form-part">
          <WorkFields {...props} />
          <ScheduleMore {...props} />
          {editing.mistakes.form && (
            <p class="mistake" role="alert">
              {editing.mistakes.form}
            </p>
          )}
          {isGone && <Gone createInstead={() => createInstead(editing)} />}
          {!isGone && isStale(editing, record) && <Stale load={() => void loadAnew(editing)} />}
          <div class="dialog-foot">
            <button type="button" class="leave" onClick={() => leave(editing)}>
              {isWritten(editing) ? words.ask.discardYes : words.scheduleForm.leave}
            </button>
            <button type="submit" class="primary" disabled={busy.value || isGone}>
              {base ? words.scheduleForm.save : words.scheduleForm.create}
            </button>
          </div>
        </div>
      </form>
    </>
  );
}

/** What it does when it is due: a task, of which another type brings other params to begin with, unless somebody has written some; or a run. */
function WorkFields(props: SchedulePartProps) {
  const { draft, mistakes, change } = props;
  const words = say().scheduleForm;
  const choose = (type: string) => change({ type, ...(isExample(draft.params) && { params: exampleOf(type) }) });
  return (
    <>
      <fieldset class="segments">
        <legend class="field-name">{words.work}</legend>
        {(['task', 'run'] as const).map((work) => (
          <label key={work}>
            <input type="radio" name="work" checked={draft.work === work} onChange={() => change({ work })} />
            {words.works[work]}
          </label>
        ))}
      </fieldset>
      {draft.work === 'run' ? (
        <RunFields {...props} />
      ) : (
        <>
          <AddTaskType type={draft.type} mistake={mistakes.type} choose={choose} />
          <ParamsField value={draft.params} mistake={mistakes.params} change={(params) => change({ params })} />
        </>
      )}
    </>
  );
}

function Stale({ load }: { load(): void }) {
  const { stale, staleText, loadAnew } = say().scheduleForm;
  return <Overtaken title={stale} text={staleText} action={loadAnew} act={load} />;
}

function Gone({ createInstead }: { createInstead(): void }) {
  const words = say().scheduleForm;
  return <Overtaken title={words.gone} text={words.goneText} action={words.createInstead} act={createInstead} />;
}

/** What somebody else did meanwhile, and the way on from there. */
function Overtaken({ title, text, action, act }: { title: string; text: string; action: string; act(): void }) {
  return (
    <div class="notice warning" role="alert">
      <Icon name="warning" />
      <p class="notice-text">
        <strong>{title}</strong> {text}
      </p>
      <button type="button" onClick={act}>
        {action}
      </button>
    </div>
  );
}
