/** `nightshift resume`: starts tasks again. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { pausedTypes, type Queue } from './paused.ts';
import { print, printError, printJson } from './print.ts';

interface Given {
  readonly data: string;
  readonly type?: string;
  readonly json?: true;
}

export function resumeCommand(): Command {
  return new Command('resume')
    .description('start tasks again after a pause')
    .option('--type <type>', 'only tasks of this type')
    .addOption(dataOption())
    .option('--json', 'print the queue as JSON')
    .action(resume);
}

async function resume(given: Given): Promise<void> {
  const { type } = given;
  const supervisor = supervisorOf(dataFolder(given));
  const before = await supervisor.get<Queue>('queue');
  const { body: queue } = await supervisor.post<Queue>('queue/resume', {}, { type });
  const was = type === undefined ? before.paused !== null : pausedTypes(before).includes(type);
  const what = type ?? 'the queue';
  if (given.json) printJson(queue);
  else if (was) print(type === undefined ? 'resumed' : `resumed ${type}`);
  if (!was) printError(`${what} was not paused`);
  remarkPaused(queue, type);
}

/** Two kinds of pause hold a task back, and each is ended by itself. */
function remarkPaused(queue: Queue, type: string | undefined): void {
  const left = pausedTypes(queue);
  if (type !== undefined && queue.paused) printError('the whole queue is still paused; nightshift resume ends that');
  if (type === undefined && left.length > 0)
    printError(`still paused by their type: ${left.join(', ')}; nightshift resume --type ${left[0]} ends that`);
}
