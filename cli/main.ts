#!/usr/bin/env node
/** The command line: which commands there are, and what its exit codes mean. Everything but `start` speaks HTTP to the supervisor. */
import { Command, CommanderError } from 'commander';
import { addCommand } from './add.ts';
import { backupCommand } from './backup.ts';
import { NotReachable, Refused } from './call.ts';
import { cancelCommand } from './cancel.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { flagsCommand } from './flags.ts';
import { handlerCommand } from './handler.ts';
import { libraryCommand } from './library.ts';
import { listCommand } from './list.ts';
import { logsCommand } from './logs.ts';
import { pauseCommand } from './pause.ts';
import { pipelinesCommand } from './pipelines.ts';
import { printError } from './print.ts';
import { restoreCommand } from './restore.ts';
import { resumeCommand } from './resume.ts';
import { retryCommand } from './retry.ts';
import { runsCommand } from './runs.ts';
import { schedulesCommand } from './schedules.ts';
import { settingsCommand } from './settings.ts';
import { showCommand } from './show.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';
import { storeCommand } from './store.ts';
import { UsageError } from './usage.ts';
import { ownVersion, versionCommand } from './version.ts';

const COMMANDS = [
  startCommand,
  addCommand,
  statusCommand,
  listCommand,
  showCommand,
  logsCommand,
  cancelCommand,
  retryCommand,
  pauseCommand,
  resumeCommand,
  runsCommand,
  pipelinesCommand,
  libraryCommand,
  schedulesCommand,
  storeCommand,
  settingsCommand,
  backupCommand,
  restoreCommand,
  flagsCommand,
  handlerCommand,
  versionCommand,
];

const AFTER_HELP = `
Exit codes: 0 done, 1 refused or failed, 2 supervisor not reachable, 64 wrong usage; those of \`start\` are under \`nightshift start --help\`.

Examples:
  $ nightshift start --data ./data
  $ nightshift add http.download --params '{"url": "https://example.org/a.mp3"}'
  $ nightshift list --state failed
  $ nightshift logs -f 019ab0c2-…`;

function program(): Command {
  const all = new Command('nightshift')
    .description('A durable job supervisor for one machine: an accepted task is never lost.')
    .version(ownVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help, or that of a command')
    .helpCommand('help [command]', 'show the help of a command')
    .addHelpText('after', AFTER_HELP)
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .exitOverride();
  for (const make of COMMANDS) all.addCommand(inherit(make(), all));
  return all;
}

/** Commands made by themselves do not take over their parent's settings. */
function inherit(command: Command, parent: Command, before = ''): Command {
  const name = `${before}${command.name()}`;
  for (const child of command.commands) inherit(child, parent, `${name} `);
  return command.copyInheritedSettings(parent).showHelpAfterError(`(nightshift ${name} --help shows how)`);
}

async function main(words: readonly string[]): Promise<number> {
  if (words.length === 0) {
    process.stderr.write(program().helpInformation());
    return EXIT_CODES.usage;
  }
  try {
    await program().parseAsync(words, { from: 'user' });
    return EXIT_CODES.done;
  } catch (thrown) {
    return exitCodeOf(thrown);
  }
}

function exitCodeOf(thrown: unknown): number {
  // Commander has printed what it found wrong, or the help that was asked for.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
  if (thrown instanceof UsageError) {
    printError(thrown.message);
    return EXIT_CODES.usage;
  }
  if (thrown instanceof NotReachable) {
    printError(thrown.message);
    return EXIT_CODES.notReachable;
  }
  if (thrown instanceof Refused) {
    printError(refusalText(thrown));
    return EXIT_CODES.refused;
  }
  printError(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
  return EXIT_CODES.refused;
}

/** The message names a single mistake already. */
function refusalText({ message, mistakes }: Refused): string {
  if (mistakes.length <= 1) return message;
  return [`${mistakes.length} mistakes:`, ...mistakes.map(({ path, message: what }) => `${path} ${what}`)].join('\n  ');
}

// `nightshift list | head` closes the pipe early, which is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT_CODES.done : EXIT_CODES.refused);
});

// Only set: leaving is left to the end of the work, so that nothing printed is cut off. `start` may have set its own.
const code = await main(process.argv.slice(2));
if (code !== EXIT_CODES.done) process.exitCode = code;
