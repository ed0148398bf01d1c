/** `nightshift backup`: a consistent copy of the data folder, made while the supervisor runs. */
import { setTimeout as wait } from 'node:timers/promises';
import { Command } from 'commander';
import { Refused, type Supervisor, supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { print, printJson } from './print.ts';
import type { Task } from './task.ts';
import { wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly keep?: number;
  readonly maxAge?: string;
  readonly wait?: true;
  readonly json?: true;
}

const lookMs = 300;
const ENDED = ['succeeded', 'failed', 'canceled'];

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the data folder into an archive in BACKUP_DIR while work goes on; prints the id of the task')
    .option('--keep <number>', 'how many archives are kept (default 7)', wholeNumber(1, 10_000))
    .option('--max-age <duration>', 'older archives are removed, e.g. 90d')
    .option('--wait', 'wait for its end, and print the path of the archive')
    .addOption(dataOption())
    .option('--json', 'print the whole task')
    .action(backup);
}

async function backup(given: Given): Promise<void> {
  const { keep, maxAge } = given;
  const supervisor = supervisorOf(dataFolder(given));
  const { body } = await supervisor.post<{ task: Task }>('backup', { keep, maxAge });
  const task = given.wait ? await ended(supervisor, body.task.id) : body.task;
  if (given.json) printJson(task);
  else print(given.wait ? pathOf(task) : task.id);
}

async function ended(supervisor: Supervisor, id: string): Promise<Task> {
  for (;;) {
    const { task } = await supervisor.get<{ task: Task }>(`tasks/${id}`);
    if (task.state === 'succeeded') return task;
    if (ENDED.includes(task.state))
      throw new Refused(`the backup ${task.state}: ${task.error?.message ?? id}`, task.state, []);
    await wait(lookMs);
  }
}

function pathOf({ id, result }: Task): string {
  return (result as { path?: string } | null)?.path ?? id;
}
