/** `nightshift pipelines`: which there are, and which files of the pipelines folder are not taken. */
import { Command } from 'commander';
import type { PipelineRecord } from '../supervisor/core/run/record.ts';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { print, printError, printJson, table } from './print.ts';

interface Pipelines {
  readonly items: readonly PipelineRecord[];
  readonly failures: readonly {
    readonly file: string;
    readonly mistakes: readonly { readonly path: string; readonly message: string }[];
  }[];
}

export function pipelinesCommand(): Command {
  return new Command('pipelines')
    .description('list pipelines and their stages, and files that are not taken')
    .addOption(dataOption())
    .option('--json', 'print the answer as JSON')
    .action(list);
}

async function list(given: { readonly data: string; readonly json?: true }): Promise<void> {
  const answer = await supervisorOf(dataFolder(given)).get<Pipelines>('pipelines');
  if (given.json) return printJson(answer);
  const rows = answer.items.map(({ name, version, file, stages }) => [
    name,
    version,
    file ?? 'built in',
    stages.map((stage) => stage.name).join(' → '),
  ]);
  print(table(['NAME', 'VERSION', 'FILE', 'STAGES'], rows));
  for (const { name, file, replacesBuiltIn } of answer.items)
    if (replacesBuiltIn) printError(`${file} takes the place of the built-in pipeline ${name}`);
  for (const { file, mistakes } of answer.failures)
    for (const { path, message } of mistakes) printError(`${file}: ${path} ${message}`);
}
