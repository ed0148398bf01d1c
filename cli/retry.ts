/** `nightshift retry`: runs finished tasks again. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { eachTask } from './each-task.ts';
import type { Task } from './task.ts';
import { readJson } from './usage.ts';

interface RetryAnswer {
  readonly task: Task;
  readonly originalId: string;
  readonly warning?: string;
}

interface Given {
  readonly data: string;
  readonly params?: string;
  readonly json?: true;
}

export function retryCommand(): Command {
  return new Command('retry')
    .description('run finished tasks again; one from history gets a new id, which is printed')
    .argument('<ids...>', 'ids of the tasks, or how they begin, 8 digits or more')
    .option('--params <json>', 'in place of those they had, as JSON, as @FILE, or - for standard input')
    .addOption(dataOption())
    .option('--json', 'print the answers as JSON')
    .action(retry);
}

async function retry(ids: readonly string[], given: Given): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const body = given.params === undefined ? {} : { params: readJson(given.params, '--params') };
  await eachTask<RetryAnswer>({ ids, supervisor, action: 'retry', body, said, json: given.json });
}

function said({ task, originalId, warning }: RetryAnswer): string {
  const again = task.id === originalId ? '' : `, in place of ${originalId}`;
  return `${task.state}${again}${warning ? ` (${warning})` : ''}`;
}
