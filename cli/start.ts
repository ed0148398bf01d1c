/** `nightshift start`: runs the supervisor in this process until it is asked to stop. */
import { Command, Option } from 'commander';
import { hearStopWish } from '../supervisor/stop-wish.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { wholeNumber } from './usage.ts';

interface Given {
  readonly data: string;
  readonly env?: string;
  readonly host?: string;
  readonly port?: number;
  readonly lock?: 'flock' | 'socket';
  readonly forceNetwork?: true;
}

const AFTER_HELP = `
Any setting KEY of the env file can also be given as the variable NIGHTSHIFT_KEY; flags override both.
SIGINT or SIGTERM lets running tasks end (DRAIN_TIMEOUT) and stops; a second signal stops at once.

Exit codes:
  0   stopped as asked
  64  wrong command line, or wrong settings with no earlier good ones to start from
  65  data damaged or of an unknown format
  69  cannot listen: port taken, or address not ours
  70  a fault of the program itself: please report it
  72  the data folder cannot be used: missing, read-only, full, not ours, on a network, no lock
  73  data folder held by another supervisor
  74  the disk failed, or was full while the journal was being written
  75  a lost write or a second writer was seen`;

export function startCommand(): Command {
  return new Command('start')
    .description('run the supervisor until it is asked to stop')
    .addOption(dataOption())
    .option('--env <file>', 'settings file to read, at the start, instead of DATA/nightshift.env')
    .option('--host <host>', 'address to listen on (setting WEB_HOST)')
    .option('--port <number>', 'port to listen on, 0 for a free one (setting WEB_PORT)', wholeNumber(0, 65_535))
    .addOption(
      new Option(
        '--lock <kind>',
        'how the data folder is locked; socket is weaker and for machines without flock',
      ).choices(['flock', 'socket']),
    )
    .option(
      '--force-network',
      'use a data folder on a network file system, where a power cut may take what was acknowledged',
    )
    .addHelpText('after', AFTER_HELP)
    .action(start);
}

async function start(given: Given): Promise<void> {
  const { env, host, port, lock, forceNetwork } = given;
  const wish = hearStopWish();
  // Loaded only here: it is most of the program, and the other commands should answer at once.
  const supervisor = await import('../supervisor/main.ts');
  // From here on it ends the process itself, with the exit codes above.
  await supervisor.start({
    wish,
    dataDir: dataFolder(given),
    ...(env !== undefined && { envFile: env }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(lock !== undefined && { lock }),
    ...(forceNetwork && { forceNetwork }),
  });
}
