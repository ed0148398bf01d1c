/** `nightshift handler test`: one attempt of a handler here and now, without a supervisor and without a trace of it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { handlerIn, type Performed, perform } from '../workers/testing.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { oneLine, print, printError, printJson } from './print.ts';
import { gather, readJson, UsageError, wholeNumber } from './usage.ts';

interface Given {
  readonly params: string;
  readonly attempt: number;
  readonly resume?: string;
  readonly setting?: readonly string[];
  readonly timeout?: string;
  readonly json?: true;
}

export function handlerCommand(): Command {
  return new Command('handler')
    .description('work on handlers of your own')
    .addCommand(
      new Command('test')
        .description('perform one attempt of a handler here, without a supervisor; its log comes on standard error')
        .argument('<file>', 'the handler, e.g. data/handlers/thumbnail.mjs')
        .option('--params <json>', 'as JSON, as @FILE, or - for standard input', '{}')
        .option('--attempt <number>', 'number of the attempt', wholeNumber(1, 1_000), 1)
        .option('--resume <json>', 'what the attempt before saved as its checkpoint')
        .option('--setting <KEY=VALUE>', 'a setting that the handler declares (may be given several times)', gather)
        .option('--timeout <duration>', "such as 5m; the handler's own when left out")
        .option('--json', 'print all that came of it as JSON')
        .action(test),
    );
}

async function test(file: string, given: Given): Promise<void> {
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`${file} does not exist`);
  const params = readJson(given.params, '--params');
  const resume = given.resume === undefined ? null : readJson(given.resume, '--resume');
  const handler = await handlerIn(path).catch((error: Error) => {
    throw new UsageError(`${file} is no handler: ${error.message}`);
  });
  const performed = await perform(handler, {
    params,
    resume,
    attempt: given.attempt,
    settings: Object.fromEntries((given.setting ?? []).map(pairOf)),
    signal: canceledByKeys(),
    said: ({ level, text }) => process.stderr.write(`${level.padEnd(5)} ${oneLine(text)}\n`),
    progressed: ({ done, total, text }) =>
      process.stderr.write(`      ${done}${total === null ? '' : `/${total}`} ${oneLine(text ?? '')}\n`),
    ...(given.timeout !== undefined && { timeout: given.timeout }),
  });
  if (given.json) printJson(performed);
  else report(performed);
  if (performed.outcome !== 'succeeded') process.exitCode = EXIT_CODES.refused;
}

function pairOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at <= 0) throw new UsageError(`"${pair}" is no setting: write KEY=VALUE`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** The first Ctrl-C cancels as the page would; a second one ends the process, as it would without us. */
function canceledByKeys(): AbortSignal {
  const canceling = new AbortController();
  process.once('SIGINT', () => canceling.abort());
  return canceling.signal;
}

function report({ outcome, result, error, retryable, retryAfterMs, checkpoint, submitted, nexts }: Performed): void {
  for (const task of submitted) printError(`it would have submitted ${JSON.stringify(task)}`);
  for (const { stage, ...work } of nexts)
    printError(`it would have put into ${stage ? `stage ${stage}` : 'the next stage'} ${JSON.stringify(work)}`);
  if (checkpoint !== null) printError(`its checkpoint: ${JSON.stringify(checkpoint)}`);
  if (outcome === 'succeeded') print(JSON.stringify(result, null, 2));
  else printError(`${outcome}: ${error?.code ?? ''} ${error?.message ?? ''}\n${error?.stack ?? ''}`.trimEnd());
  if (outcome !== 'failed') return;
  if (!retryable) printError('it would not be tried again');
  else printError(retryAfterMs === null ? 'it would be tried again' : `it would be tried again in ${retryAfterMs} ms`);
}
