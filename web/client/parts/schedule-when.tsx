/** When a schedule is due: the kind of rule, and the fields of that kind. */
import type { Weekday, WhenKind } from '../../../supervisor/core/schedule/when.ts';
import { say } from '../language.ts';
import { Field, Told } from './field.tsx';
import { type SchedulePartProps, TextOf } from './schedule-text.tsx';

export function ScheduleWhen(props: SchedulePartProps) {
  const { draft, change } = props;
  const words = say().scheduleForm;
  return (
    <>
      <fieldset class="segments">
        <legend class="field-name">{words.when}</legend>
        {Object.entries(words.kinds).map(([kind, name]) => (
          <label key={kind}>
            <input
              type="radio"
              name="kind"
              checked={draft.kind === kind}
              onChange={() => change({ kind: kind as WhenKind })}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <div class="field-grid">
        <KindFields {...props} />
        <ZoneField {...props} />
      </div>
    </>
  );
}

function KindFields(props: SchedulePartProps) {
  switch (props.draft.kind) {
    case 'daily':
      return <TextOf name="at" {...props} />;
    case 'weekly':
      return (
        <>
          <Weekdays {...props} />
          <TextOf name="at" {...props} />
        </>
      );
    case 'monthly':
      return (
        <>
          <MonthDay {...props} />
          <TextOf name="at" {...props} />
        </>
      );
    case 'interval':
      return (
        <>
          <TextOf name="every" {...props} />
          <TextOf name="anchor" placeholder="2026-01-01T00:00:00Z" {...props} />
        </>
      );
    case 'cron':
      return <TextOf name="expression" code {...props} />;
    case 'once':
      return <Moment {...props} />;
  }
}

function Weekdays({ draft, mistakes, change }: SchedulePartProps) {
  const words = say().scheduleForm;
  const toggle = (day: Weekday) =>
    change({ days: draft.days.includes(day) ? draft.days.filter((one) => one !== day) : [...draft.days, day] });
  return (
    <fieldset class="field weekdays" aria-describedby={mistakes.days && 'weekdays-told'}>
      <legend class="field-name">{words.days}</legend>
      <div class="weekday-row">
        {Object.entries(words.weekdays).map(([day, name]) => (
          <label key={day} class="weekday">
            <input
              type="checkbox"
              checked={draft.days.includes(day as Weekday)}
              onChange={() => toggle(day as Weekday)}
            />
            {name}
          </label>
        ))}
      </div>
      {mistakes.days && <Told id="weekdays-told" mistake={mistakes.days} />}
    </fieldset>
  );
}

const DAYS = Array.from({ length: 31 }, (_, index) => String(index + 1));

function MonthDay({ draft, mistakes, change }: SchedulePartProps) {
  const words = say().scheduleForm;
  return (
    <Field name={words.day} hint={words.dayHint} mistake={mistakes.day}>
      {(field) => (
        <select {...field} value={draft.day} onChange={(event) => change({ day: event.currentTarget.value })}>
          {DAYS.map((day) => (
            <option key={day} value={day}>
              {day}
            </option>
          ))}
          <option value="last">{words.lastDay}</option>
        </select>
      )}
    </Field>
  );
}

/** As the browser's field for a time gives it; a time with its own zone is a text. */
const LOCAL = /^$|^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

function Moment(props: SchedulePartProps) {
  const { draft, mistakes, change } = props;
  const words = say().scheduleForm;
  if (!LOCAL.test(draft.moment)) return <TextOf name="moment" {...props} />;
  return (
    <Field name={words.moment} hint={words.momentHint} mistake={mistakes.moment}>
      {(field) => (
        <input
          {...field}
          type="datetime-local"
          value={draft.moment}
          onInput={(event) => change({ moment: event.currentTarget.value })}
        />
      )}
    </Field>
  );
}

const ZONES: readonly string[] = Intl.supportedValuesOf?.('timeZone') ?? [];

function ZoneField(props: SchedulePartProps) {
  return (
    <>
      <TextOf name="timezone" list="zones" hint={say().scheduleForm.timezoneHint(props.zone)} {...props} />
      <datalist id="zones">
        {ZONES.map((zone) => (
          <option key={zone} value={zone} />
        ))}
      </datalist>
    </>
  );
}
