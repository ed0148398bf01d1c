/** `nightshift add`: submits one task. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { inOptions } from './option-words.ts';
import { print, printError, printJson } from './print.ts';
import type { Task } from './task.ts';
import { gather, readJson, UsageError, wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly params?: string;
  readonly priority?: number;
  readonly runAt?: string;
  readonly delay?: string;
  readonly maxAttempts?: number;
  readonly timeout?: string;
  readonly key?: string;
  readonly tag?: readonly string[];
  readonly group?: string;
  readonly onInterrupt?: string;
  readonly json?: true;
}

export function addCommand(): Command {
  return new Command('add')
    .description('submit a task; prints its id once it is on disk')
    .argument('<type>', 'the name of the work, e.g. http.download')
    .option('--params <json>', 'its params as JSON, as @FILE, or - for standard input')
    .option('--priority <number>', '0 to 9, higher runs first (default 5)', wholeNumber(0, 9))
    .option('--run-at <time>', 'not before this time, e.g. 2026-11-23T02:00:00Z')
    .option('--delay <duration>', 'not before so long from now, e.g. 10m')
    .option('--max-attempts <number>', 'how often it is tried at most', wholeNumber(1, 1_000))
    .option('--timeout <duration>', 'how long one attempt may take, e.g. 30m')
    .option('--key <text>', 'idempotency key: while it is known, the task that has it is given back')
    .option('--tag <name>', 'a tag; may be given several times', gather)
    .option('--group <name>', 'group that limits are set for')
    .option('--on-interrupt <what>', 'requeue (default), hold or fail')
    .addOption(dataOption())
    .option('--json', 'print the whole task')
    .action(add);
}

async function add(type: string, given: Given): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const { status, body } = await supervisor
    .post<{ task: Task }>('tasks', taskOf(type, given))
    .catch((thrown) => inOptions(thrown, wordOf));
  if (given.json) return printJson(body.task);
  if (status === 200) printError(`the key was known: this is the task that has it (${body.task.state})`);
  print(body.task.id);
}

/** Members of a task whose options have other names. */
const OPTIONS: Readonly<Record<string, string>> = {
  type: 'the type',
  runAt: '--run-at',
  maxAttempts: '--max-attempts',
  idempotencyKey: '--key',
  tags: '--tag',
  onInterrupt: '--on-interrupt',
};

function wordOf(path: string): string {
  const [, member, rest = ''] = /^\$\.(\w+)(.*)$/.exec(path) ?? [];
  return member === undefined ? 'the task' : `${OPTIONS[member] ?? `--${member}`}${rest}`;
}

/** Only what was given; members that are undefined vanish in JSON. */
function taskOf(type: string, given: Given): object {
  const { priority, runAt, delay, maxAttempts, timeout, key, tag, group, onInterrupt } = given;
  if (runAt !== undefined && delay !== undefined) throw new UsageError('--run-at and --delay exclude each other');
  const params = given.params === undefined ? undefined : readJson(given.params, '--params');
  return {
    type,
    params,
    priority,
    runAt,
    delay,
    maxAttempts,
    timeout,
    idempotencyKey: key,
    tags: tag,
    group,
    onInterrupt,
  };
}
