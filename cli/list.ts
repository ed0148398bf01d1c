/** `nightshift list`: tasks, live and finished together, newest first. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { localTime } from './local-time.ts';
import { print, printError, printJson, table } from './print.ts';
import { note, paramsText, type Task } from './task.ts';
import { wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly state?: string;
  readonly type?: string;
  readonly tag?: string;
  readonly group?: string;
  readonly origin?: string;
  readonly text?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: true;
}

interface Page {
  readonly items: readonly Task[];
  readonly next: string | null;
  readonly total?: number;
  readonly totalAtLeast?: number;
}

const itemsPerCallMax = 500;

export function listCommand(): Command {
  return new Command('list')
    .description('list tasks, live and finished together, newest first')
    .option('--state <states>', 'e.g. queued,running')
    .option('--type <types>', 'types of work')
    .option('--tag <tags>', 'with any of these tags')
    .option('--group <groups>', 'of these groups')
    .option('--origin <origins>', 'where they came from: http, cli, inbox:NAME')
    .option('--text <text>', 'text in id, type, params, error or tags')
    .option('--from <time>', 'created at this time or later, e.g. 2026-11-23T02:00:00Z')
    .option('--to <time>', 'created before this time')
    .option('--limit <number>', `how many, at most ${itemsPerCallMax}`, wholeNumber(1, itemsPerCallMax), 50)
    .option('--cursor <text>', 'go on where the page before ended')
    .addOption(dataOption())
    .option('--json', 'print the answer as JSON')
    .action(list);
}

async function list(given: Given): Promise<void> {
  const { state, type, tag, group, origin, text, from, to, limit, cursor } = given;
  const query = { state, type, tag, group, origin, q: text, from, to, limit, cursor };
  const page = await supervisorOf(dataFolder(given)).get<Page>('tasks', query);
  if (given.json) return printJson(page);
  if (page.items.length === 0) return printError('no task matches');
  const rows = page.items.map((task) => [
    task.id,
    task.state,
    task.type,
    String(task.attempt),
    localTime(task.createdAt),
    paramsText(task.params),
    note(task),
  ]);
  print(table(['ID', 'STATE', 'TYPE', 'ATTEMPT', 'CREATED', 'PARAMS', ''], rows));
  if (page.next !== null) printError(`${moreText(page)}: --cursor ${page.next}`);
}

/** A page that goes on where another ended does not count again. */
function moreText({ items, total, totalAtLeast = 0 }: Page): string {
  if (total !== undefined) return `there are more, ${total} in all`;
  return totalAtLeast > items.length ? `there are more, at least ${totalAtLeast} in all` : 'there are more';
}
