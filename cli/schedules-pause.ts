/** `nightshift schedules pause` and `resume`: one schedule, or all at once. */
import { Command } from 'commander';
import { type Supervisor, supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { inOptions } from './option-words.ts';
import { print, printError, printJson } from './print.ts';
import { pauseText, placeOf, type Schedule, type Scheduler } from './schedule-answers.ts';
import { UsageError } from './usage.ts';

interface Given {
  readonly data: string;
  readonly all?: true;
  readonly json?: true;
}

export function pauseSchedulesCommand(): Command {
  return leaf('pause', 'start nothing by a schedule, or by all of them; what runs goes on')
    .option('--reason <text>', 'why, for whoever wonders; paused again without it, the reason stays')
    .option('--until <time>', 'ends by itself then: a day, 2026-12-27, or a time in its zone, 2026-12-27T08:00:00')
    .action(pause);
}

export function resumeSchedulesCommand(): Command {
  return leaf('resume', 'start again from now on')
    .option('--catch-up', 'also start what was due meanwhile, as its catch-up says')
    .action(resume);
}

function leaf(name: string, does: string): Command {
  return new Command(name)
    .description(does)
    .argument('[name]', 'its name or id')
    .option('--all', 'all schedules at once; each that is paused by itself stays so')
    .addOption(dataOption())
    .option('--json', 'print the answer as JSON');
}

async function pause(
  which: string | undefined,
  given: Given & { readonly reason?: string; readonly until?: string },
): Promise<void> {
  const { reason, until } = given;
  const body = { ...(reason !== undefined && { reason }), ...(until !== undefined && { until }) };
  await change(which, given, 'pause', body);
}

async function resume(which: string | undefined, given: Given & { readonly catchUp?: true }): Promise<void> {
  await change(which, given, 'resume', { catchUp: given.catchUp === true });
}

async function change(
  which: string | undefined,
  given: Given,
  action: 'pause' | 'resume',
  body: object,
): Promise<void> {
  if ((which === undefined) === (given.all === undefined)) throw new UsageError('name one schedule, or say --all');
  const supervisor = supervisorOf(dataFolder(given));
  const isPaused = action === 'pause' || (await pauseOf(supervisor, which)) !== null;
  const place = which === undefined ? `schedules/${action}` : placeOf(which, action);
  const { body: answer } = await supervisor
    .post<{ schedule?: Schedule; scheduler?: Scheduler }>(place, body)
    .catch((thrown) => inOptions(thrown, (path) => path.replace('$.', '--')));
  if (given.json) return printJson(answer);
  const paused = (answer.schedule ?? answer.scheduler)?.paused;
  const what = answer.schedule?.name ?? 'all schedules';
  if (paused) print(`paused ${what} ${pauseText(paused, answer.schedule?.timezone)}`);
  else print(isPaused ? `resumed ${what}` : `${what} ${which === undefined ? 'were' : 'was'} not paused`);
  // Resumed by itself, it may still be held by something else.
  if (action === 'resume' && answer.schedule?.held) printError(`it does not start yet: ${answer.schedule.held}`);
}

async function pauseOf(supervisor: Supervisor, which: string | undefined) {
  if (which === undefined)
    return (await supervisor.get<{ scheduler: Scheduler }>('schedules', { limit: 1 })).scheduler.paused;
  return (await supervisor.get<{ schedule: Schedule }>(placeOf(which))).schedule.paused;
}
