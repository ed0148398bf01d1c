/** `nightshift schedules add` and `edit`: a schedule from options, or from a file as the inbox takes it. */
import { Command, Option } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { inOptions } from './option-words.ts';
import { print, printJson } from './print.ts';
import { placeOf, plainly, type Schedule } from './schedule-answers.ts';
import { gather, readJson, UsageError, wholeNumber } from './usage.ts';
import { givenWhen, WHEN_OPTIONS, type When, whenOf } from './when-options.ts';

interface Given extends When {
  readonly data: string;
  readonly name?: string;
  readonly type?: string;
  readonly pipeline?: string;
  readonly params?: string;
  readonly timezone?: string;
  readonly catchUp?: string;
  readonly catchUpLimit?: number;
  readonly startDeadline?: string;
  readonly overlap?: string;
  readonly jitter?: string;
  readonly pauseAfterFailures?: number;
  readonly flag?: string;
  readonly note?: string;
  readonly file?: string;
  readonly unset?: readonly string[];
  readonly json?: true;
}

const WITH_DEFAULT: readonly string[] =
  'timezone catchUp catchUpLimit startDeadline overlap jitter pauseAfterFailures flag note'.split(' ');

export function addScheduleCommand(): Command {
  return withMembers(new Command('add').description('make a schedule; prints when it is due first'))
    .option('--name <name>', 'its name, by which it is found and changed')
    .option('--file <file>', 'all of it from a JSON file, or - for standard input, instead of other options')
    .action(add);
}

export function editScheduleCommand(): Command {
  return withMembers(new Command('edit').description('change what is given, and nothing else'))
    .argument('<name>', 'its name or id')
    .option('--name <name>', 'a new name')
    .option('--unset <member>', 'take this back to its default, e.g. timezone (may be given several times)', gather)
    .action(edit);
}

function withMembers(command: Command): Command {
  command.option('--type <type>', 'of the task it submits, e.g. http.download');
  command.option('--pipeline <name>', 'of the run it starts instead of a task, e.g. library.full');
  command.option('--params <json>', 'of the task or the run as JSON, as @FILE, or - for standard input');
  for (const [flags, does] of WHEN_OPTIONS) command.addOption(new Option(flags, does));
  return command
    .option('--timezone <zone>', 'IANA name, e.g. Europe/Berlin; else the setting TIMEZONE holds')
    .option('--catch-up <what>', 'of what was due while nothing could start it: latest (default), all or none')
    .option('--catch-up-limit <number>', 'how many "all" are at most', wholeNumber(1, 1_000))
    .option('--start-deadline <duration>', 'later than so long after it was due it is missed')
    .option('--overlap <what>', 'while an earlier one runs: skip (default), queue-one, queue-all, allow or replace')
    .option('--jitter <duration>', 'a fixed share of this later, so that not everything starts at once')
    .option('--pause-after-failures <number>', 'in a row', wholeNumber(1, 1_000))
    .option('--flag <name>', 'only while this feature flag is on')
    .option('--note <text>', 'what it is for')
    .addOption(dataOption())
    .option('--json', 'print the schedule as JSON');
}

async function add(given: Given): Promise<void> {
  const definition = given.file === undefined ? fromOptions(given) : fromFile(given);
  const supervisor = supervisorOf(dataFolder(given));
  const { body } = await supervisor
    .post<{ schedule: Schedule }>('schedules', definition)
    .catch((thrown) => inOptions(thrown, (path) => (given.file === undefined ? wordOf(path, given) : null)));
  if (given.json) return printJson(body.schedule);
  print(await plainly(supervisor, body.schedule));
}

async function edit(which: string, given: Given): Promise<void> {
  const changes = { ...Object.fromEntries((given.unset ?? []).map(unset)), ...membersOf(given) };
  const isWork = given.type !== undefined || given.pipeline !== undefined || given.params !== undefined;
  if (Object.keys(changes).length === 0 && !isWork) throw new UsageError('say what to change: see --help');
  const supervisor = supervisorOf(dataFolder(given));
  // The task or the run is changed as a whole: what it was must not have changed since.
  const before = isWork ? (await supervisor.get<{ schedule: Schedule }>(placeOf(which))).schedule : null;
  const work = before && workFrom(given, before);
  const { body } = await supervisor
    .patch<{ schedule: Schedule }>(
      placeOf(which),
      { ...changes, ...work },
      before ? { 'if-match': `"${before.version}"` } : {},
    )
    .catch((thrown) => inOptions(thrown, (path) => wordOf(path, given)));
  if (given.json) return printJson(body.schedule);
  print(await plainly(supervisor, body.schedule));
}

/** Named as the option is, or as the member in JSON. */
function unset(member: string): readonly [string, null] {
  const name = member.replace(/-[a-z]/g, (part) => part.slice(1).toUpperCase());
  if (WITH_DEFAULT.includes(name)) return [name, null];
  throw new UsageError(`--unset ${member}: only these have a default: ${WITH_DEFAULT.map(hyphenated).join(', ')}`);
}

function hyphenated(member: string): string {
  return member.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function fromOptions(given: Given): object {
  if (given.name === undefined || (given.type ?? given.pipeline) === undefined)
    throw new UsageError('a schedule needs --name and --type or --pipeline, or a --file');
  if (givenWhen(given).length === 0)
    throw new UsageError('say when: --daily, --weekly, --monthly, --every, --cron or --once');
  return { ...membersOf(given), ...workFrom(given, null) };
}

/** As in the inbox it may stand in a `schedule` of its own. */
function fromFile(given: Given): object {
  if (Object.keys(given).some((option) => !['file', 'data', 'json'].includes(option)))
    throw new UsageError('--file says all of it: no other option can stand beside it');
  const { file = '' } = given;
  const content = readJson(file === '-' ? '-' : `@${file}`, '--file') as { schedule?: object };
  return content?.schedule ?? content;
}

/** @param before what it submits or starts, where there is such a schedule */
function workFrom(given: Given, before: Pick<Schedule, 'task' | 'run'> | null): object {
  const { type, pipeline } = given;
  if (type !== undefined && pipeline !== undefined)
    throw new UsageError('--type and --pipeline: a schedule submits a task or starts a run, not both');
  const params = given.params === undefined ? {} : { params: readJson(given.params, '--params') };
  const startsRun = pipeline !== undefined || (type === undefined && before?.run != null);
  if (startsRun) return { run: { ...(before?.run as object), ...(pipeline !== undefined && { pipeline }), ...params } };
  return { task: { ...(before?.task as object), ...(type !== undefined && { type }), ...params } };
}

/** Only what was given; members that are undefined vanish in JSON. */
function membersOf(given: Given): Record<string, unknown> {
  const { name, timezone, catchUp, catchUpLimit, startDeadline, overlap, jitter, pauseAfterFailures, flag, note } =
    given;
  const when = whenOf(given);
  const members = {
    ...{ name, when, timezone, catchUp, catchUpLimit, startDeadline, overlap, jitter, pauseAfterFailures, flag, note },
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** `$.task.params.url` is `--params.url`, all of `$.when` the option that says when. */
function wordOf(path: string, given: Given): string | null {
  const [when] = givenWhen(given);
  if (path === '$.when.anchor') return '--anchor';
  if (path.startsWith('$.when')) return when === undefined ? null : `--${when}`;
  if (path === '$.task' || path === '$.task.type') return '--type';
  const [, member = '', rest = ''] = /^\$\.(?:(?:task|run)\.)?(\w+)(.*)$/.exec(path) ?? [];
  return member === '' ? null : `--${hyphenated(member)}${rest}`;
}
