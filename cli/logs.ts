/** `nightshift logs`: what an attempt wrote, followed if asked. */
import { Command } from 'commander';
import { NotReachable, supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly follow?: true;
  readonly attempt?: number;
}

export function logsCommand(): Command {
  return new Command('logs')
    .description('show the log of a task')
    .argument('<id>', 'id of the task')
    .option('-f, --follow', 'go on until the attempt ends; one that has not begun is waited for')
    .option('--attempt <number>', 'of this attempt instead of the newest', wholeNumber(1, 100_000))
    .addOption(dataOption())
    .action(logs);
}

async function logs(id: string, given: Given): Promise<void> {
  const query = { attempt: given.attempt, follow: given.follow ? 1 : undefined };
  const text = await supervisorOf(dataFolder(given)).stream(`tasks/${encodeURIComponent(id)}/log`, query);
  const chunks = text[Symbol.asyncIterator]();
  for (;;) {
    const chunk = await chunks.next().catch((thrown: Error) => {
      throw new NotReachable(`the supervisor ended the log: ${thrown.message}`);
    });
    if (chunk.done) return;
    if (!process.stdout.write(chunk.value)) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}
