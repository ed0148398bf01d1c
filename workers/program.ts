/**
 * An executable handler, performed: params on standard input, log and words on its output, its result in a file. It is run
 * from a worker process, so that no fork has to mark the memory of the supervisor.
 */
import { constants } from 'node:fs';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runInAttempt } from './attempt-program.ts';
import { Context } from './context.ts';
import type { TaskAccess } from './contract.ts';
import { type HandlerContext, isPermanent, Permanent, RetryAfter } from './define.ts';
import { inheritedEnvironment } from './executable.ts';
import { exitError, Tail } from './exit.ts';
import type { Ended } from './launcher.ts';
import { resultFileBytesMax } from './limits.ts';
import { lookAtProgram } from './program-file.ts';
import { ProgramWords } from './program-words.ts';
import type { AnyHandler } from './shape.ts';

/** The memory limit is for the process that runs it, not for the program. */
const WITHOUT_LIMIT = 'ulimit -S -d "$(ulimit -H -d)" 2>/dev/null; exec "$@"';

/** @param version of the file when it was described */
export function programHandler(file: string, version: string): AnyHandler {
  return { type: basename(file), run: (_params, ctx) => perform(file, version, ctx) };
}

async function perform(file: string, version: string, ctx: HandlerContext): Promise<unknown> {
  await lookAgain(file, version, ctx);
  const attempt = Context.attemptOf(ctx);
  const [place, access] = await Promise.all([prepare(ctx), attempt.call({ name: 'access' })]);
  const words = new ProgramWords(ctx);
  const tails = { stdout: new Tail(), stderr: new Tail() };
  const program = {
    command: ['/bin/sh', '-c', WITHOUT_LIMIT, basename(file), file] as const,
    cwd: place.work,
    env: {
      ...inheritedEnvironment(),
      ...ctx.settings,
      ...variables(ctx, place),
      ...reach(access as TaskAccess | null),
    },
    stdin: `${attempt.order.params}\n`,
  };
  const ended = await runInAttempt(ctx, program, (stream, text) => {
    const taken = stream === 'stdout' && words.take(text);
    if (taken instanceof Promise) return taken;
    if (taken) return;
    tails[stream].add(text);
    attempt.log(stream, text);
  });
  await words.submits.settled();
  if (ended.exitCode !== 0) throw failure(file, ended, tails.stderr.last ?? tails.stdout.last, words.retryMs);
  if (words.submits.refused) throw words.submits.refused;
  return readResult(place.result);
}

/** It may be another one by now, or no longer be fit to run. */
async function lookAgain(file: string, version: string, ctx: HandlerContext): Promise<void> {
  const now = await lookAtProgram(file).catch((error: NodeJS.ErrnoException) => {
    // An editor that is saving it takes it away for a moment.
    if (error.code === 'ENOENT') throw Object.assign(error, { code: 'handler_load_failed' });
    throw new Permanent(`${file} ${error.message}`, { code: 'handler_load_failed', cause: error });
  });
  if (now === null) throw new Permanent(`${file} is no program any more`, { code: 'handler_load_failed' });
  if (now.version === version) return;
  ctx.log.warn(`the handler's file has changed since it was checked; this attempt runs version ${now.version}`);
}

interface Place {
  /** Folder it runs in. */
  readonly work: string;
  readonly result: string;
  readonly checkpoint: string;
}

async function prepare(ctx: HandlerContext): Promise<Place> {
  const folder = await ctx.scratch();
  const place = {
    work: join(folder, 'work'),
    result: join(folder, 'result.json'),
    checkpoint: join(folder, 'checkpoint.json'),
  };
  await mkdir(place.work);
  if (ctx.resume !== null) await writeFile(place.checkpoint, `${JSON.stringify(ctx.resume)}\n`);
  return place;
}

function variables(ctx: HandlerContext, { result, checkpoint }: Place): Record<string, string> {
  return {
    NIGHTSHIFT_TASK_ID: ctx.task.id,
    NIGHTSHIFT_ATTEMPT: String(ctx.attempt),
    NIGHTSHIFT_RESULT: result,
    NIGHTSHIFT_CHECKPOINT: checkpoint,
  };
}

/** Without a supervisor, in a test, there is none. */
function reach(access: TaskAccess | null): Record<string, string> {
  return access ? { NIGHTSHIFT_URL: access.url, NIGHTSHIFT_TOKEN: access.token } : {};
}

/** The exit code says whether it is tried again, `::retry` when. */
function failure(file: string, ended: Ended, lastLine: string | undefined, retryMs: number | null): Error {
  const error = exitError(basename(file), ended, lastLine) as Error & { code: string };
  if (retryMs === null || isPermanent(error)) return error;
  return new RetryAfter(retryMs, error.message, { code: error.code });
}

/** @returns undefined when it has left none */
async function readResult(file: string): Promise<unknown> {
  const wrong = (how: string) =>
    new Permanent(`the result in the file NIGHTSHIFT_RESULT ${how}`, { code: 'result_not_json' });
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw wrong(`cannot be read: ${error.message}`);
  });
  if (handle === null) return undefined;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw wrong('is not a regular file');
    if (stats.size > resultFileBytesMax) {
      const message = `the result is a file of ${stats.size} bytes; write a path into it instead`;
      throw new Permanent(message, { code: 'result_too_large' });
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile());
    return text.trim() === '' ? undefined : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong(`is no JSON: ${error.message}`);
    if (error instanceof TypeError) throw wrong('is no UTF-8');
    throw error;
  } finally {
    await handle.close();
  }
}
