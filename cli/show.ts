/** `nightshift show`: one task with its attempts, also years later. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { localTime } from './local-time.ts';
import { facts, oneLine, print, printJson, table } from './print.ts';
import { attemptText, errorText, progressText, type Task } from './task.ts';
import { wholeId } from './task-id.ts';

export function showCommand(): Command {
  return new Command('show')
    .description('show one task with its attempts')
    .argument('<id>', 'id of the task, or how it begins, 8 digits or more')
    .addOption(dataOption())
    .option('--json', 'print the task as JSON')
    .action(show);
}

async function show(id: string, given: { readonly data: string; readonly json?: true }): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const whole = await wholeId(supervisor, id);
  const { task } = await supervisor.get<{ task: Task }>(`tasks/${encodeURIComponent(whole)}`);
  if (given.json) return printJson(task);
  print(describe(task));
  if (task.attempts.length > 0) print(`\n${attemptsTable(task)}`);
  print(`\nparams  ${JSON.stringify(task.params)}`);
  if (task.result !== null) print(`result  ${JSON.stringify(task.result)}`);
  if (task.error?.stack) print(`\n${task.error.stack.split('\n').map(oneLine).join('\n')}`);
}

function describe(task: Task): string {
  const { waiting, error } = task;
  const last = task.attempts.findLast(({ outcome }) => outcome !== null);
  return facts([
    ['id', task.id],
    ['type', task.type],
    ['state', task.cancelRequestedAt && task.state === 'running' ? `${task.state}, asked to stop` : task.state],
    [
      'waiting',
      waiting &&
        [waiting.reason, waiting.until && `until ${localTime(waiting.until)}`, oneLine(waiting.detail)]
          .filter(Boolean)
          .join(', '),
    ],
    ['progress', task.state === 'running' ? oneLine(progressText(task)) : null],
    ['error', error && oneLine(errorText(error))],
    ['last error', !error && last?.error ? oneLine(errorText(last.error)) : null],
    ['attempt', task.attempt === 0 ? `none yet, at most ${task.maxAttempts} failures` : attemptText(task)],
    ['timeout', task.timeout],
    ['backoff', backoffText(task.backoff)],
    ['on interrupt', task.onInterrupt],
    ['priority', task.priority],
    ['group', task.group],
    ['tags', task.tags.join(', ')],
    ['key', task.idempotencyKey && oneLine(task.idempotencyKey)],
    ['origin', oneLine(task.origin)],
    ['retry of', task.retryOf],
    ['retried as', task.retriedAs],
    ['created', localTime(task.createdAt)],
    ['started', localTime(task.startedAt)],
    ['finished', localTime(task.finishedAt)],
  ]);
}

/** `exponential, from 10s to 1h, give or take 20 %` */
function backoffText({ kind, base, max, jitter }: Task['backoff']): string {
  const span = kind === 'fixed' ? base : `from ${base} to ${max}`;
  return `${kind}, ${span}${jitter > 0 ? `, give or take ${Math.round(jitter * 100)} %` : ''}`;
}

function attemptsTable(task: Task): string {
  const rows = task.attempts.map((attempt) => [
    String(attempt.number),
    attempt.outcome ?? 'running',
    localTime(attempt.startedAt),
    localTime(attempt.finishedAt),
    attempt.worker,
    attempt.error ? errorText(attempt.error) : '',
  ]);
  return table(['ATTEMPT', 'OUTCOME', 'STARTED', 'FINISHED', 'WORKER', ''], rows);
}
