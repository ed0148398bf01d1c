/** One schedule: its rule, when it is due next, what it is made of, and the ledger of its occurrences. */
import type { ScheduleRecord } from '../../../supervisor/core/schedule/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { type Live, useLive } from '../live.ts';
import { now } from '../now.ts';
import { Icon } from '../parts/icon.tsx';
import { JsonView } from '../parts/json-view.tsx';
import { Ledger } from '../parts/ledger.tsx';
import { Link } from '../parts/link.tsx';
import { NextTimes } from '../parts/next-times.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { ScheduleButtons } from '../parts/schedule-buttons.tsx';
import { ScheduleFacts } from '../parts/schedule-facts.tsx';
import { ScheduleWord, whyHeld } from '../parts/schedule-words.tsx';
import { Word } from '../parts/state-word.tsx';
import { plannedTime } from '../planned-time.ts';
import { runPath, taskPath } from '../router.ts';
import { workOf } from '../schedule-draft.ts';
import { nextLive, scheduleLive } from '../schedule-resources.ts';
import { zone } from '../zone.ts';

export function Schedule({ id }: { id: string }) {
  const live = useLive(`schedule ${id}`, scheduleLive(id));
  const schedule = live.value.value;
  const gone = live.problem.value?.status === 404;
  return (
    <>
      <BackToSchedules />
      {schedule && !gone ? <Known schedule={schedule} /> : <NotKnown live={live} id={id} />}
    </>
  );
}

export function BackToSchedules() {
  return (
    <p class="crumbs">
      <Link to="schedules">
        <Icon name="back" />
        {say().schedules.back}
      </Link>
    </p>
  );
}

/** The ledger of one that is deleted stays. */
export function NotKnown({ live, id }: { live: Live<ScheduleRecord>; id: string }) {
  const problem = live.problem.value;
  const words = say().schedules;
  if (!problem) return <h1 class="muted">{say().pages.schedule}</h1>;
  if (problem.status !== 404) return <PageProblem problem={problem} again={live.reload} />;
  return (
    <>
      <div class="empty">
        <h1>{words.missing}</h1>
        <p>{words.missingText}</p>
      </div>
      <Ledger id={id} zone={zone.value} quiet />
    </>
  );
}

function Known({ schedule }: { schedule: ScheduleRecord }) {
  const { id, run, timezone } = schedule;
  const words = say().schedules;
  return (
    <>
      <Head schedule={schedule} />
      <WhyHeld schedule={schedule} />
      <div class="task-grid">
        <div class="task-main">
          <Next schedule={schedule} />
          <Ledger id={id} zone={timezone} />
        </div>
        <div class="task-side">
          <ScheduleFacts schedule={schedule} />
          <JsonView title={run === null ? words.task : words.run} value={workOf(schedule)} none="{}" />
        </div>
      </div>
    </>
  );
}

function Head({ schedule }: { schedule: ScheduleRecord }) {
  const { name, builtIn, when, timezone, sentence, failuresInRow, activeTasks, activeRuns } = schedule;
  const words = say().schedules;
  const [first] = activeTasks;
  const [firstRun] = activeRuns;
  return (
    <div class="page-head">
      <div class="task-head">
        <h1>
          {name}{' '}
          {builtIn && (
            <span class="tag" title={words.builtInText}>
              {words.builtIn}
            </span>
          )}
        </h1>
        <p>{words.sentence(when, timezone, sentence)}</p>
        <p class="task-now">
          <ScheduleWord schedule={schedule} />
          {first !== undefined && (
            <Link to={taskPath(first)}>
              <Word icon="running" tone="active" word={words.underWay(number(activeTasks.length))} />
            </Link>
          )}
          {firstRun !== undefined && (
            <Link to={runPath(firstRun)}>
              <Word icon="running" tone="active" word={words.runsUnderWay(number(activeRuns.length))} />
            </Link>
          )}
          {failuresInRow > 0 && <Word icon="failed" tone="bad" word={words.failuresInRow(number(failuresInRow))} />}
        </p>
      </div>
      <div class="page-actions">
        <ScheduleButtons schedule={schedule} />
      </div>
    </div>
  );
}

function WhyHeld({ schedule }: { schedule: ScheduleRecord }) {
  const why = whyHeld(schedule);
  if (why === '') return null;
  const { paused, timezone } = schedule;
  const { states, scheduler } = say().schedules;
  return (
    <div class="notice warning">
      <Icon name={paused ? 'pause' : 'lock'} />
      <p class="notice-text">
        <strong>{paused ? states.paused : states.held}:</strong> {why}.{' '}
        {paused?.until && scheduler.until(plannedTime(Date.parse(paused.until), timezone, now.value))}
      </p>
    </div>
  );
}

function Next({ schedule }: { schedule: ScheduleRecord }) {
  const { id, version, timezone, paused, held } = schedule;
  const next = useLive(`next ${id} ${version}`, nextLive(id)).value.value;
  const words = say().schedules;
  return (
    <section class="panel" aria-label={words.nextTimes}>
      <header class="panel-head">
        <h2>{words.nextTimes}</h2>
      </header>
      {(paused ?? held) !== null && <p class="none">{words.nextHeld}</p>}
      {next?.next.length === 0 ? (
        <p class="none">{words.nextNone}</p>
      ) : (
        <NextTimes next={next?.next ?? []} zone={timezone} offsetMs={jitterMsOf(schedule)} />
      )}
    </section>
  );
}

function jitterMsOf({ nextAt, startsAt }: ScheduleRecord): number {
  return nextAt === null || startsAt === null ? 0 : Date.parse(startsAt) - Date.parse(nextAt);
}
