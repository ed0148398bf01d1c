/** `nightshift settings`: what is in force, changes of it, and what it was before. */
import { Command } from 'commander';
import { type Supervisor, supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { editByHand } from './edit-by-hand.ts';
import { localTime } from './local-time.ts';
import { facts, oneLine, print, printError, printJson, table } from './print.ts';
import { type Revision, type Settings, withId } from './settings-answers.ts';
import { gather, UsageError } from './usage.ts';

interface Given {
  readonly data: string;
  readonly json?: true;
  readonly note?: string;
}

export function settingsCommand(): Command {
  return new Command('settings')
    .description('show and change the settings, and look at what they were')
    .addCommand(
      leaf('show', 'show what is in force; secrets are masked')
        .argument('[key]', 'this one only, with what it is for')
        .action(show),
    )
    .addCommand(
      leaf('edit', 'change settings: those given, or the env file in your editor ($VISUAL, $EDITOR)')
        .argument('[changes...]', 'KEY=VALUE')
        .option('--unset <key>', 'take a key out, so that its default holds (may be given several times)', gather)
        .option('--note <text>', 'why, for whoever reads the revisions')
        .action(edit),
    )
    .addCommand(
      leaf('revisions', 'list what the settings were, newest first; or show what one of them changed')
        .argument('[id]', 'of a revision, e.g. r12')
        .option('--against <id>', 'compare it with this one, not with the one before')
        .action(revisions),
    )
    .addCommand(
      leaf('apply', 'bring back the settings of a revision, as a new one')
        .argument('<id>', 'of a revision, e.g. r12')
        .option('--note <text>', 'why, for whoever reads the revisions')
        .action(apply),
    );
}

function leaf(name: string, does: string): Command {
  return new Command(name).description(does).addOption(dataOption()).option('--json', 'print the answer as JSON');
}

async function show(key: string | undefined, given: Given): Promise<void> {
  const answer = await supervisorOf(dataFolder(given)).get<Settings>('settings');
  if (key === undefined) return given.json ? printJson(answer) : printAll(answer);
  const setting = answer.settings[key];
  if (!setting) throw new UsageError(`there is no setting ${key}; "nightshift settings show" lists all`);
  if (given.json) return printJson(setting);
  print(
    facts([
      [setting.key, setting.value],
      ['from', setting.source],
      ['default', setting.default],
      ['allowed', setting.limits],
      ['unit', setting.unit],
      ['change', setting.fileOnly ? `in ${answer.envFile} only` : null],
      ['restart', setting.needsRestart ? 'a change holds from the next start' : null],
    ]),
  );
  if (setting.sentence !== '') print(`\n${setting.sentence}`);
}

function printAll({ settings, problems, envFile, revision }: Settings): void {
  const rows = Object.values(settings).map((one) => [one.key, one.value, one.source, one.pending ? 'next start' : '']);
  print(table(['KEY', 'VALUE', 'FROM', 'HOLDS'], rows));
  print(`\nrevision ${revision?.id ?? 'not kept'}, file ${envFile}`);
  for (const problem of problems)
    printError(
      `${envFile} is not taken: ${problem.line === null ? '' : `line ${problem.line}: `}${problem.key ?? ''} ${problem.message}`,
    );
}

async function edit(pairs: readonly string[], given: Given & { readonly unset?: readonly string[] }): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const changes = {
    ...Object.fromEntries(pairs.map(pairOf)),
    ...Object.fromEntries((given.unset ?? []).map((key) => [key, null])),
  };
  const answer =
    Object.keys(changes).length === 0
      ? await editByHand(supervisor)
      : (await supervisor.put<Settings>('settings', { changes, ...noteOf(given) })).body;
  report(answer, given);
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at <= 0) throw new UsageError(`"${pair}" is no change: write KEY=VALUE, or --unset KEY`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

async function revisions(id: string | undefined, given: Given & { readonly against?: string }): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  if (id !== undefined) return printDiff(supervisor, id, given);
  const { items } = await supervisor.get<{ items: readonly Revision[] }>('settings/revisions', { limit: 500 });
  if (given.json) return printJson({ items, next: null });
  const rows = items.map((one) => [one.id, localTime(one.createdAt), one.by, one.keys.join(', '), one.note ?? '']);
  print(table(['ID', 'WHEN', 'BY', 'CHANGED', 'NOTE'], rows));
}

interface Diff {
  readonly against: string | null;
  readonly differences: readonly {
    readonly key: string;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

async function printDiff(
  supervisor: Supervisor,
  id: string,
  given: Given & { readonly against?: string },
): Promise<void> {
  const diff = await supervisor.get<Diff>(`settings/revisions/${withId(id)}/diff`, { against: given.against });
  if (given.json) return printJson(diff);
  print(`${id} against ${diff.against ?? 'an empty file'}`);
  if (diff.differences.length === 0) print('no setting differs');
  for (const { key, before, after } of diff.differences) {
    if (before !== null) print(`- ${key}=${oneLine(before)}`);
    if (after !== null) print(`+ ${key}=${oneLine(after)}`);
  }
}

async function apply(id: string, given: Given): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const { body } = await supervisor.post<Settings>(`settings/revisions/${withId(id)}/apply`, noteOf(given));
  report(body, given);
}

function noteOf({ note }: Given) {
  return note === undefined ? {} : { note };
}

function report(answer: Settings, { json }: Given): void {
  if (json) printJson(answer);
  else printChange(answer);
}

function printChange({ revision, settings }: Settings): void {
  print(
    revision ? `revision ${revision.id} in force: ${revision.keys.join(', ') || 'no setting differs'}` : 'in force',
  );
  const pending = Object.values(settings).filter((one) => one.pending);
  if (pending.length > 0) print(`from the next start on: ${pending.map(({ key }) => key).join(', ')}`);
}
