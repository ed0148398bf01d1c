/** `nightshift flags`: lists feature flags, or switches one. */
import { Argument, Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { print, printJson, table } from './print.ts';

interface Flag {
  readonly name: string;
  readonly on: boolean;
  readonly set: boolean;
  readonly types: readonly string[];
  readonly schedules: readonly string[];
}

interface Given {
  readonly data: string;
  readonly note?: string;
  readonly json?: true;
}

const VALUES: Readonly<Record<string, boolean | null>> = { on: true, off: false, unset: null };

export function flagsCommand(): Command {
  return new Command('flags')
    .description('list feature flags with what depends on them, or switch one')
    .argument('[name]', 'of the flag to switch, e.g. NIGHT_SYNC')
    .addArgument(new Argument('[value]', 'unset takes it out of the file').choices(Object.keys(VALUES)))
    .option('--note <text>', 'why, for whoever reads the revisions')
    .addOption(dataOption())
    .option('--json', 'print the answer as JSON')
    .action(flags);
}

async function flags(name: string | undefined, value: string | undefined, given: Given): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  if (name !== undefined && value !== undefined) {
    const change = { on: VALUES[value] ?? null, ...(given.note !== undefined && { note: given.note }) };
    const { body } = await supervisor.patch<{ flag: Flag }>(`flags/${encodeURIComponent(name)}`, change);
    return given.json ? printJson(body) : print(`${body.flag.name} is ${stateOf(body.flag)}`);
  }
  const { items } = await supervisor.get<{ items: readonly Flag[] }>('flags');
  const shown = items.filter((flag) => name === undefined || flag.name === name);
  if (given.json) return printJson({ items: shown, next: null });
  if (shown.length === 0) return print(name === undefined ? 'there are no flags' : `${name} is off: nobody has set it`);
  print(
    table(
      ['FLAG', 'STATE', 'NEEDED BY'],
      shown.map((flag) => [
        flag.name,
        stateOf(flag),
        [...flag.types, ...flag.schedules.map((name) => `schedule ${name}`)].join(', '),
      ]),
    ),
  );
}

function stateOf({ on, set }: Flag): string {
  return on ? 'on' : set ? 'off' : 'off (not set)';
}
