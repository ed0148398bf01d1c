/** The env file in somebody's editor; then waits until the supervisor has taken it, or has said why not. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused, type Supervisor } from './call.ts';
import type { Settings } from './settings-answers.ts';
import { UsageError } from './usage.ts';

const takenMsMax = 10_000;
const askAgainMs = 100;

export async function editByHand(supervisor: Supervisor): Promise<Settings> {
  const { envFile } = await supervisor.get<Settings>('settings');
  const editor = process.env['VISUAL'] || process.env['EDITOR'];
  if (!editor) throw new UsageError(`no editor is set: set EDITOR, or edit ${envFile} and save it`);
  // Editors are given with their options, as in EDITOR="code --wait"; a shell takes them apart, and the file apart from them.
  const { status, error } = spawnSync('/bin/sh', ['-c', `${editor} "$1"`, 'edit', envFile], { stdio: 'inherit' });
  if (error) throw new UsageError(`the editor could not be started: ${error.message}`);
  if (status !== 0) throw new UsageError(`the editor ended with exit code ${status}; nothing else was done`);
  return taken(supervisor, envFile);
}

async function taken(supervisor: Supervisor, envFile: string): Promise<Settings> {
  const hash = createHash('sha256').update(readFileSync(envFile, 'utf8')).digest('hex');
  for (const since = Date.now(); ; await sleep(askAgainMs)) {
    const answer = await supervisor.get<Settings>('settings');
    if (answer.fileHash === hash) {
      if (answer.problems.length > 0) throw notTaken(answer);
      return answer;
    }
    if (Date.now() - since > takenMsMax)
      throw new Refused(`${envFile} has not been taken within ${takenMsMax / 1_000} s`, 'conflict', []);
  }
}

function notTaken({ problems, envFile }: Settings): Refused {
  const mistakes = problems.map(({ key, line, message }) => ({
    path: `${envFile}${line === null ? '' : ` line ${line}`}:`,
    message: key === null ? message : `${key} ${message}`,
  }));
  const [first] = mistakes;
  return new Refused(
    `not taken, the last good settings stay in force: ${first?.path} ${first?.message}`,
    'validation',
    mistakes,
  );
}
