/** `nightshift runs`: start runs of pipelines, see how far they are, pause, resume, cancel and retry them. */
import { Command } from 'commander';
import type { RunRecord } from '../supervisor/core/run/record.ts';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { localTime } from './local-time.ts';
import { inOptions } from './option-words.ts';
import { facts, oneLine, print, printError, printJson, table } from './print.ts';
import { gather, readJson, wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly json?: true;
}

interface Start extends Given {
  readonly params?: string;
  readonly source?: readonly string[];
  readonly scope?: string;
  readonly priority?: number;
}

interface Retry extends Given {
  readonly stage?: string;
  readonly text?: string;
  readonly task?: string;
  readonly force?: true;
}

const itemsPerCallMax = 500;

export function runsCommand(): Command {
  return new Command('runs')
    .description('start runs of pipelines, see how far they are, pause, resume, cancel and retry them')
    .addCommand(
      leaf('list', 'list runs, newest first')
        .option('--state <states>', 'in these states, e.g. running,paused')
        .option('--pipeline <names>', 'of these pipelines')
        .option('--limit <number>', `how many, at most ${itemsPerCallMax}`, wholeNumber(1, itemsPerCallMax), 50)
        .option('--cursor <text>', 'go on where the page before ended')
        .action(list),
    )
    .addCommand(leaf('show', 'show a run and how far each stage is').argument('<id>', 'its id').action(show))
    .addCommand(
      leaf('start', 'start a run; its id is printed')
        .argument('<pipeline>', 'name of the pipeline')
        .option('--params <json>', 'as JSON, @FILE, or - for standard input')
        .option('--source <name>', 'what it is to work on; may be given several times', gather)
        .option('--scope <json>', 'what it is to be narrowed down to, as JSON, @FILE, or -')
        .option('--priority <number>', '0 to 9, higher runs first', wholeNumber(0, 9))
        .action(start),
    )
    .addCommand(
      leaf('pause', 'start nothing more of a run; what runs finishes')
        .argument('<id>', 'its id')
        .option('--reason <text>', 'why, for whoever wonders', '')
        .action(pause),
    )
    .addCommand(leaf('resume', 'go on with a run exactly where it was').argument('<id>', 'its id').action(resume))
    .addCommand(
      leaf('cancel', 'end what runs and waits of a run, keep what is done').argument('<id>', 'its id').action(cancel),
    )
    .addCommand(
      leaf('retry', 'run the failed tasks of a run again')
        .argument('<id>', 'its id')
        .option('--stage <name>', 'only those of this stage')
        .option('--text <text>', 'only those with this text in id, params, error or label')
        .option('--task <id>', 'only this task')
        .option('--force', 'with --task: also when it succeeded')
        .action(retry),
    );
}

function leaf(name: string, does: string): Command {
  return new Command(name).description(does).addOption(dataOption()).option('--json', 'print the answer as JSON');
}

function placeOf(id: string, action = ''): string {
  return `runs/${encodeURIComponent(id)}${action && `/${action}`}`;
}

async function list(
  given: Given & {
    readonly state?: string;
    readonly pipeline?: string;
    readonly limit: number;
    readonly cursor?: string;
  },
): Promise<void> {
  const { state, pipeline, limit, cursor } = given;
  const page = await supervisorOf(dataFolder(given)).get<{ items: readonly RunRecord[]; next: string | null }>('runs', {
    ...{ state, pipeline, limit, cursor },
  });
  if (given.json) return printJson(page);
  if (page.items.length === 0) return printError('no run matches');
  const rows = page.items.map((run) => [
    run.id,
    run.pipeline,
    run.state,
    progressOf(run.counts),
    localTime(run.createdAt),
    localTime(run.finishedAt ?? run.estimatedEndAt),
  ]);
  print(table(['ID', 'PIPELINE', 'STATE', 'DONE', 'CREATED', 'END'], rows));
  if (page.next !== null) printError(`there are more: --cursor ${page.next}`);
}

/** `12/40, 3 failed` */
function progressOf({ accepted, succeeded, failed, canceled }: RunRecord['counts']): string {
  const done = `${succeeded + failed + canceled}/${accepted}`;
  return failed > 0 ? `${done}, ${failed} failed` : done;
}

async function show(id: string, given: Given): Promise<void> {
  const { run } = await supervisorOf(dataFolder(given)).get<{ run: RunRecord }>(placeOf(id));
  if (given.json) return printJson(run);
  const { paused, stopped, sources, scope } = run;
  print(
    facts([
      ['id', run.id],
      ['pipeline', `${run.pipeline} (version ${run.pipelineVersion})`],
      ['state', run.state],
      [
        'paused',
        paused && `by ${paused.by} since ${localTime(paused.since)}${paused.reason && `: ${oneLine(paused.reason)}`}`,
      ],
      ['stopped', stopped && `by failures of ${stopped.stage} ${localTime(stopped.since)}`],
      ['created', `by ${oneLine(run.createdBy)} ${localTime(run.createdAt)}`],
      ['started', localTime(run.startedAt)],
      ['finished', localTime(run.finishedAt)],
      ['end', run.estimatedEndAt && `about ${localTime(run.estimatedEndAt)}`],
      ['sources', sources && oneLine(sources.join(', '))],
      ['scope', scope === null ? null : JSON.stringify(scope)],
      ['params', JSON.stringify(run.params)],
    ]),
  );
  const rows = run.stages.map(({ name, state, counts }) => [
    name,
    state,
    ...[counts.accepted, counts.waiting, counts.running, counts.succeeded, counts.failed, counts.canceled].map(String),
  ]);
  print(`\n${table(['STAGE', 'STATE', 'TASKS', 'WAITING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELED'], rows)}`);
}

async function start(pipeline: string, given: Start): Promise<void> {
  const { params, source, scope, priority } = given;
  const body = {
    pipeline,
    ...(params !== undefined && { params: readJson(params, '--params') }),
    ...(source && { sources: source }),
    ...(scope !== undefined && { scope: readJson(scope, '--scope') }),
    ...(priority !== undefined && { priority }),
  };
  const answer = await supervisorOf(dataFolder(given))
    .post<{ run: RunRecord }>('runs', body)
    .catch((thrown) => inOptions(thrown, (path) => (path === '$.pipeline' ? 'the pipeline' : null)));
  if (given.json) printJson(answer.body.run);
  else print(answer.body.run.id);
}

async function act(id: string, action: string, body: object, given: Given): Promise<void> {
  const answer = await supervisorOf(dataFolder(given)).post<{ run: RunRecord }>(placeOf(id, action), body);
  if (given.json) printJson(answer.body.run);
  else print(`${answer.body.run.id}  ${answer.body.run.state}`);
}

async function pause(id: string, given: Given & { readonly reason: string }): Promise<void> {
  await act(id, 'pause', { reason: given.reason }, given);
}

async function resume(id: string, given: Given): Promise<void> {
  await act(id, 'resume', {}, given);
}

async function cancel(id: string, given: Given): Promise<void> {
  await act(id, 'cancel', {}, given);
}

async function retry(id: string, given: Retry): Promise<void> {
  const { stage, text, task, force } = given;
  const body = {
    ...(stage !== undefined && { stage }),
    ...(text !== undefined && { filter: { q: text } }),
    ...(task !== undefined && { task }),
    ...(force && { force }),
  };
  const answer = await supervisorOf(dataFolder(given)).post<{
    run: RunRecord;
    changed: number;
    skipped: readonly { readonly id: string; readonly code: string }[];
  }>(placeOf(id, 'retry'), body);
  if (given.json) return printJson(answer.body);
  print(
    `${answer.body.changed} ${answer.body.changed === 1 ? 'task runs' : 'tasks run'} again; ${answer.body.run.state}`,
  );
  for (const { id: skipped, code } of answer.body.skipped) printError(`${skipped} does not: ${code}`);
}
