/**
 * `command.run`: a program of this machine that the settings name in `COMMANDS`, with a list of arguments. Never a
 * shell line, unless `ALLOW_SHELL` is on: whoever may add tasks could otherwise run anything.
 */
import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { runInAttempt } from '../attempt-program.ts';
import { Context } from '../context.ts';
import { defineHandler, type HandlerContext, Permanent } from '../define.ts';
import { isInside, placeFor } from '../download/folder.ts';
import { inheritedEnvironment } from '../executable.ts';
import { exitError, Tail } from '../exit.ts';
import { setup } from '../setup.ts';

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** Names by which a program is made to load something else than it would. */
const ENV_REFUSED =
  /^(?:LD_|DYLD_|PYTHON|PERL|RUBY|GIT_|BASH_|NODE_|JAVA_|_JAVA_|NIGHTSHIFT_)|^(?:PATH|IFS|ENV|SHELLOPTS|PS4|HOME)$/;

const params = z
  .strictObject({
    command: z.string().optional(),
    shell: z.string().optional(),
    args: z.array(z.string().refine((text) => !text.includes('\0'), 'must not hold NUL')).default([]),
    /** Absolute, or relative to the library; without it a folder that is removed afterwards. */
    cwd: z.string().optional(),
    env: z.record(z.string().regex(ENV_NAME, 'must be a name of letters, digits and _'), z.string()).default({}),
    stdin: z.string().default(''),
    /** Exit codes that count as success. */
    okExit: z.array(z.number().int().min(0).max(255)).min(1).default([0]),
  })
  .refine((given) => (given.command === undefined) !== (given.shell === undefined), 'give either "command" or "shell"')
  .refine((given) => !Object.keys(given.env).some((name) => ENV_REFUSED.test(name)), {
    path: ['env'],
    message: 'must not name what decides which code a program loads (PATH, LD_*, PYTHON*, NODE_* …)',
  });
type Params = z.infer<typeof params>;

export const handler = defineHandler<Params>({
  type: 'command.run',
  lane: 'io',
  settings: ['COMMANDS', 'ALLOW_SHELL', 'LIBRARY_DIR'],
  params,
  async run(given, ctx) {
    const command = await commandFor(given, ctx.settings);
    const cwd = await folderFor(given.cwd, ctx);
    const attempt = Context.attemptOf(ctx);
    const tail = new Tail();
    const program = { command, cwd, env: environment(given, ctx), stdin: given.stdin };
    const ended = await runInAttempt(ctx, program, (stream, text) => {
      tail.add(text);
      attempt.log(stream, text);
    });
    if (ended.exitCode === null || !given.okExit.includes(ended.exitCode)) {
      throw exitError(given.command ?? 'the shell line', ended, tail.last);
    }
    return { exitCode: ended.exitCode, lines: tail.count, lastLines: tail.lines };
  },
});

async function commandFor(
  given: Params,
  settings: Readonly<Record<string, string>>,
): Promise<readonly [string, ...string[]]> {
  if (given.shell !== undefined) {
    if (settings['ALLOW_SHELL'] !== 'true') {
      throw new Permanent('shell lines are not allowed here: name the program in COMMANDS, or set ALLOW_SHELL=true', {
        code: 'shell_refused',
      });
    }
    return ['/bin/sh', '-c', given.shell, 'sh', ...given.args];
  }
  const path = programs(settings['COMMANDS'] ?? '').get(given.command ?? '');
  if (path === undefined) {
    const known = [...programs(settings['COMMANDS'] ?? '').keys()];
    const which = known.length === 0 ? 'it names none' : `it names ${known.join(', ')}`;
    throw new Permanent(`the setting COMMANDS does not name "${given.command}"; ${which}`, { code: 'unknown_command' });
  }
  try {
    await access(path, constants.X_OK);
  } catch (cause) {
    throw new Permanent(`"${given.command}" is ${path}, which cannot be run`, { code: 'command_missing', cause });
  }
  return [path, ...given.args];
}

/** `rsync=/usr/bin/rsync,backup=/opt/backup.sh` */
function programs(setting: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of setting.split(',')) {
    const equals = part.indexOf('=');
    const path = part.slice(equals + 1).trim();
    if (equals > 0 && isAbsolute(path)) found.set(part.slice(0, equals).trim(), path);
  }
  return found;
}

async function folderFor(cwd: string | undefined, ctx: HandlerContext): Promise<string> {
  if (cwd === undefined) return ctx.scratch();
  const library = ctx.settings['LIBRARY_DIR'] || 'library';
  if (!isAbsolute(cwd)) return (await placeFor(setup.dataDir, library, cwd)).folder;
  const folder = await realpath(cwd).catch(() => null);
  if (folder === null || !(await stat(folder)).isDirectory())
    throw new Permanent(`there is no folder ${cwd}`, { code: 'wrong_folder' });
  const data = await realpath(setup.dataDir);
  const { root } = await placeFor(setup.dataDir, library, '');
  if ((folder === data || isInside(folder, data)) && folder !== root && !isInside(folder, root)) {
    throw new Permanent(`${cwd} lies among the supervisor's own files`, { code: 'wrong_folder' });
  }
  return folder;
}

function environment(given: Params, ctx: HandlerContext): Record<string, string> {
  const own = { NIGHTSHIFT_TASK_ID: ctx.task.id, NIGHTSHIFT_ATTEMPT: String(ctx.attempt) };
  return { ...inheritedEnvironment(), ...given.env, ...own };
}
