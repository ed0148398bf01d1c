/** `nightshift logs`: what an attempt wrote, followed if asked. */
import { Command } from 'commander';
import { NotReachable, type Supervisor, supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { localTime } from './local-time.ts';
import { oneLine, printError } from './print.ts';
import { errorText, type Task } from './task.ts';
import { wholeId } from './task-id.ts';
import { wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly follow?: true;
  readonly attempt?: number;
}

export function logsCommand(): Command {
  return new Command('logs')
    .description('show the log of a task')
    .argument('<id>', 'id of the task, or how it begins, 8 digits or more')
    .option('-f, --follow', 'go on until the attempt ends; one that has not begun is waited for')
    .option('--attempt <number>', 'of this attempt instead of the newest', wholeNumber(1, 100_000))
    .addOption(dataOption())
    .action(logs);
}

async function logs(id: string, given: Given): Promise<void> {
  const query = { attempt: given.attempt, follow: given.follow ? 1 : undefined };
  const supervisor = supervisorOf(dataFolder(given));
  const path = `tasks/${encodeURIComponent(await wholeId(supervisor, id))}`;
  const bytes = await copy(await supervisor.stream(`${path}/log`, query));
  if (bytes === 0) printError(await whySilent(supervisor, path, given.attempt));
}

/** @returns how many bytes there were */
async function copy(text: AsyncIterable<Uint8Array>): Promise<number> {
  const chunks = text[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let bytes = 0;
  let begun = '';
  for (;;) {
    const chunk = await chunks.next().catch((thrown: Error) => {
      throw new NotReachable(`the supervisor ended the log: ${thrown.message}`);
    });
    const lines = (begun + decoder.decode(chunk.value, { stream: !chunk.done })).split(/(?<=\n)/);
    begun = chunk.done || lines.at(-1)?.endsWith('\n') ? '' : (lines.pop() ?? '');
    await write(lines.map(inZone).join(''));
    if (chunk.done) return bytes;
    bytes += chunk.value.length;
  }
}

/** Each line begins with its time in UTC. */
function inZone(line: string): string {
  return line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z(?= )/, (at) => localTime(at));
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** A handler that throws need not have written anything: its error stands with the attempt, not in its log. */
async function whySilent(supervisor: Supervisor, path: string, number: number | undefined): Promise<string> {
  const { task } = await supervisor.get<{ task: Task }>(path);
  const attempt = task.attempts.findLast((one) => number === undefined || one.number === number);
  if (!attempt) return `no lines: the task is ${task.state} and has not been tried`;
  const outcome = attempt.outcome ?? 'running';
  const error = attempt.error ? `: ${oneLine(errorText(attempt.error))}` : '';
  return `no lines; attempt ${attempt.number}: ${outcome}${error}`;
}
