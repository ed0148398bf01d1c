/** What a schedule is made of, as a list of names and values; what it does not have is not there. */
import type { ComponentChildren } from 'preact';
import type { ScheduleRecord } from '../../../supervisor/core/schedule/record.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { FactList } from './fact-list.tsx';
import { howPaused } from './pauses.tsx';
import { Time } from './time.tsx';

function factsOf(schedule: ScheduleRecord): readonly (readonly [string, ComponentChildren])[] {
  const { scheduleForm: words, columns } = say();
  const { timezone, catchUp, catchUpLimit, overlap, startDeadline, jitter, pauseAfterFailures } = schedule;
  const facts: [string, ComponentChildren][] = [
    [words.timezone, timezone],
    [words.catchUp, words.catchUps[catchUp] + (catchUp === 'all' ? ` (${number(catchUpLimit)})` : '')],
    [words.overlap, words.overlaps[overlap]],
    [words.startDeadline, startDeadline],
    [words.jitter, jitter === '0s' ? null : jitter],
    [words.pauseAfterFailures, pauseAfterFailures === null ? null : number(pauseAfterFailures)],
    [words.flag, schedule.flag && <code>{schedule.flag}</code>],
    [words.note, schedule.note],
    [
      columns.created,
      <>
        <Time at={schedule.createdAt} /> <span class="muted">{howPaused(schedule.createdBy)}</span>
      </>,
    ],
  ];
  return facts.filter(([, value]) => value);
}

export function ScheduleFacts({ schedule }: { schedule: ScheduleRecord }) {
  return <FactList title={say().schedules.facts} facts={factsOf(schedule)} />;
}
