/** `nightshift schedules`: which there are, when they are due and what became of it; run now and delete. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { localTime } from './local-time.ts';
import { facts, oneLine, print, printError, printJson, table } from './print.ts';
import {
  type Occurrence,
  occurrenceText,
  type Preview,
  pauseText,
  placeOf,
  type Schedule,
  type Scheduler,
  stateText,
  stillText,
} from './schedule-answers.ts';
import { addScheduleCommand, editScheduleCommand } from './schedules-edit.ts';
import { pauseSchedulesCommand, resumeSchedulesCommand } from './schedules-pause.ts';
import { wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly json?: true;
}

interface Page extends Given {
  readonly limit: number;
  readonly cursor?: string;
}

const itemsPerCallMax = 500;

export function schedulesCommand(): Command {
  return new Command('schedules')
    .description('list, make and change schedules, and see what became of their planned times')
    .addCommand(
      paged(leaf('list', 'list schedules with their state and when they are due next'))
        .option('--state <state>', 'active or paused')
        .option('--text <text>', 'text in name, task or note')
        .action(list),
    )
    .addCommand(leaf('show', 'show one schedule').argument('<name>', 'its name or id').action(show))
    .addCommand(
      leaf('next', 'list when a schedule is due next, in its own time zone')
        .argument('<name>', 'its name or id')
        .option('--count <number>', 'how many times', wholeNumber(1, 100), 10)
        .action(next),
    )
    .addCommand(
      paged(leaf('history', 'list what became of planned times, newest first'))
        .argument('<name>', 'name or id; one that is deleted by its id')
        .action(history),
    )
    .addCommand(addScheduleCommand())
    .addCommand(editScheduleCommand())
    .addCommand(
      leaf('run', 'submit its task, or start its run, now; when it is due next stays as it is')
        .argument('<name>', 'its name or id')
        .action(run),
    )
    .addCommand(pauseSchedulesCommand())
    .addCommand(resumeSchedulesCommand())
    .addCommand(
      leaf('rm', 'delete a schedule; what became of it stays').argument('<name>', 'its name or id').action(remove),
    );
}

function leaf(name: string, does: string): Command {
  return new Command(name).description(does).addOption(dataOption()).option('--json', 'print the answer as JSON');
}

function paged(command: Command): Command {
  return command
    .option('--limit <number>', `how many, at most ${itemsPerCallMax}`, wholeNumber(1, itemsPerCallMax), 50)
    .option('--cursor <text>', 'go on where the page before ended');
}

async function list(given: Page & { readonly state?: string; readonly text?: string }): Promise<void> {
  const { state, text, limit, cursor } = given;
  const page = await supervisorOf(dataFolder(given)).get<{
    items: readonly Schedule[];
    next: string | null;
    scheduler: Scheduler;
  }>('schedules', { state, q: text, limit, cursor });
  if (given.json) return printJson(page);
  if (page.items.length === 0) printError('no schedule matches');
  else {
    const rows = page.items.map((one) => [
      one.name,
      stateText(one),
      localTime(one.startsAt) || 'never',
      one.last ? occurrenceText(one.last) : '',
      one.sentence,
    ]);
    print(table(['NAME', 'STATE', 'NEXT', 'LAST', 'WHEN'], rows));
  }
  const still = stillText(page.scheduler);
  if (still !== null) printError(still);
  if (page.next !== null) printError(`there are more: --cursor ${page.next}`);
}

async function show(which: string, given: Given): Promise<void> {
  const { schedule } = await supervisorOf(dataFolder(given)).get<{ schedule: Schedule }>(placeOf(which));
  if (given.json) return printJson(schedule);
  const { paused, task, run, last, waiting, activeTasks, activeRuns } = schedule;
  print(`${schedule.sentence}\n`);
  print(
    facts([
      ['name', schedule.name],
      ['id', schedule.id],
      ['state', stateText(schedule)],
      ['paused', paused && pauseText(paused, schedule.timezone)],
      ['held', schedule.held],
      ['next', localTime(schedule.nextAt) || 'never'],
      ['starts', schedule.startsAt === schedule.nextAt ? null : `${localTime(schedule.startsAt)}, with its jitter`],
      ['last', last && [occurrenceText(last), last.taskId ?? last.runId, last.reason].filter(Boolean).join(', ')],
      ['waiting', waiting.length === 0 ? null : `${waiting.length} for the work of an earlier one`],
      ['under way', [...activeTasks, ...activeRuns].join(', ')],
      ['failures', schedule.failuresInRow === 0 ? null : `${schedule.failuresInRow} in a row`],
      ['catch up', schedule.catchUp === 'all' ? `all, at most ${schedule.catchUpLimit}` : schedule.catchUp],
      [
        'start by',
        schedule.startDeadline &&
          `${schedule.startDeadline} after ${schedule.jitter === '0s' ? 'it was due' : 'its time with jitter'}`,
      ],
      ['overlap', schedule.overlap],
      ['jitter', schedule.jitter === '0s' ? null : `up to ${schedule.jitter}`],
      ['pause after', schedule.pauseAfterFailures && `${schedule.pauseAfterFailures} failures in a row`],
      ['flag', schedule.flag],
      ['note', oneLine(schedule.note)],
      ['made', `by ${oneLine(schedule.createdBy)} ${localTime(schedule.createdAt)}`],
    ]),
  );
  print(run === null ? `\ntask  ${JSON.stringify(task)}` : `\nrun   ${JSON.stringify(run)}`);
}

async function next(which: string, given: Given & { readonly count: number }): Promise<void> {
  const answer = await supervisorOf(dataFolder(given)).get<Preview>(placeOf(which, 'next'), { count: given.count });
  if (given.json) return printJson(answer);
  print(`${answer.sentence}\n`);
  if (answer.next.length === 0) return print('it is never due again');
  const rows = answer.next.map(({ local, offset, note = '' }) => [local, offset, note]);
  print(table([`IN ${answer.timezone}`, 'OFFSET', ''], rows));
  const others = [...new Set(answer.collisions.map(({ name }) => name))];
  if (others.length > 0) print(`\nin the same minute as one of these: ${others.join(', ')}`);
}

async function history(which: string, given: Page): Promise<void> {
  const { limit, cursor } = given;
  const page = await supervisorOf(dataFolder(given)).get<{ items: readonly Occurrence[]; next: string | null }>(
    placeOf(which, 'occurrences'),
    { limit, cursor },
  );
  if (given.json) return printJson(page);
  if (page.items.length === 0) return printError(`nothing of ${which} has been due yet`);
  const rows = page.items.map((one) => [
    localTime(one.plannedAt),
    one.outcome,
    one.taskId ?? one.runId ?? '',
    [one.throughAt && `${one.count} up to ${localTime(one.throughAt)}`, one.reason].filter(Boolean).join(': '),
  ]);
  print(table(['PLANNED', 'OUTCOME', 'TASK OR RUN', ''], rows));
  if (page.next !== null) printError(`there are more: --cursor ${page.next}`);
}

async function run(which: string, given: Given): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const { body } = await supervisor.post<{ occurrence: Occurrence }>(placeOf(which, 'run'), {});
  if (given.json) return printJson(body);
  const { taskId, runId } = body.occurrence;
  print(taskId ?? runId ?? 'it waits for the work of an earlier one');
}

/** The ledger of what is deleted is found by its id, so that is told. */
async function remove(which: string, given: Given): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const { id, name } = (await supervisor.get<{ schedule: Schedule }>(placeOf(which))).schedule;
  await supervisor.remove(placeOf(id));
  if (given.json) return printJson({ id, name });
  print(`deleted ${name}; what became of it: nightshift schedules history ${id}`);
}
