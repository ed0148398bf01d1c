/** Schedules in a table: the rule in words, when it is due next, how it is, what came of the last planned time. */
import type { ScheduleRecord } from '../../../supervisor/core/schedule/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { now } from '../now.ts';
import { plannedTime } from '../planned-time.ts';
import { schedulePath, startedPath } from '../router.ts';
import { Link } from './link.tsx';
import { Ahead, PlannedTime } from './planned-time.tsx';
import { ScheduleButtons } from './schedule-buttons.tsx';
import { OccurrenceWord, ScheduleWord, whyHeld } from './schedule-words.tsx';
import { Word } from './state-word.tsx';

export function ScheduleTable({ rows }: { rows: readonly ScheduleRecord[] }) {
  const words = say();
  const { columns } = words.schedules;
  return (
    <section class="panel" aria-label={words.pages.schedules} data-steady>
      <table class="schedule-table">
        <thead>
          <tr>
            <th scope="col">{columns.schedule}</th>
            <th scope="col" class="col-next roomy">
              {columns.next}
            </th>
            <th scope="col" class="col-how roomy">
              {words.columns.state}
            </th>
            <th scope="col" class="col-last roomy">
              {columns.last}
            </th>
            <th scope="col" class="col-act">
              <span class="unseen">{words.columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((schedule) => (
            <ScheduleRow key={schedule.id} schedule={schedule} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function ScheduleRow({ schedule }: { schedule: ScheduleRecord }) {
  const { id, name, builtIn, when, timezone, sentence } = schedule;
  const words = say().schedules;
  return (
    <tr>
      <th scope="row">
        <span class="schedule-name">
          <Link to={schedulePath(id)}>{name}</Link>
          {builtIn && (
            <span class="tag" title={words.builtInText}>
              {words.builtIn}
            </span>
          )}
        </span>
        <span class="line-below muted">{words.sentence(when, timezone, sentence)}</span>
        <span class="second-line">
          <State schedule={schedule} />
          <Next schedule={schedule} />
        </span>
        {schedule.last && (
          <span class="second-line">
            <Last schedule={schedule} />
          </span>
        )}
      </th>
      <td class="roomy">
        <Next schedule={schedule} />
      </td>
      <td class="roomy">
        <State schedule={schedule} />
      </td>
      <td class="roomy">
        <Last schedule={schedule} />
      </td>
      <td class="end">
        <ScheduleButtons schedule={schedule} compact />
      </td>
    </tr>
  );
}

/** What is held has its planned time still, until that is over. */
function Next({ schedule: { nextAt, startsAt, timezone, paused, held } }: { schedule: ScheduleRecord }) {
  if (nextAt === null || startsAt === null) return <span class="muted">{say().schedules.noNext}</span>;
  const holds = paused !== null || held !== null;
  if (holds && Date.parse(startsAt) <= now.value) return <span class="muted">–</span>;
  return (
    <span class={holds ? 'muted' : undefined}>
      <PlannedTime at={nextAt} zone={timezone} />
      <span class="line-below muted">
        {!holds && <Ahead at={startsAt} />}
        <span>{timezone}</span>
      </span>
    </span>
  );
}

function State({ schedule }: { schedule: ScheduleRecord }) {
  const { paused, timezone, failuresInRow } = schedule;
  const words = say().schedules;
  const why = whyHeld(schedule);
  return (
    <span>
      <ScheduleWord schedule={schedule} />
      {why !== '' && <span class="line-below why">{why}</span>}
      {paused?.until && (
        <span class="line-below muted">
          {words.pausedUntil(plannedTime(Date.parse(paused.until), timezone, now.value))}
        </span>
      )}
      {failuresInRow > 0 && (
        <span class="line-below">
          <Word icon="failed" tone="bad" word={words.failuresInRow(number(failuresInRow))} />
        </span>
      )}
    </span>
  );
}

function Last({ schedule: { last, timezone } }: { schedule: ScheduleRecord }) {
  if (!last) return <span class="muted">–</span>;
  const word = <OccurrenceWord outcome={last.outcome} />;
  const path = startedPath(last);
  return (
    <span title={last.reason}>
      {path === null ? word : <Link to={path}>{word}</Link>}
      <span class="line-below muted">
        <PlannedTime at={last.plannedAt} zone={timezone} />
      </span>
    </span>
  );
}
