/**
 * Settings at start: makes the env file from the example, reads it with environment and flags, keeps it as a revision
 * when it is good, and falls back to the last good revision when it is not.
 */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { Fault } from '../core/fault.ts';
import { syncFolder } from './durable-file.ts';
import { exampleFile } from './example.ts';
import type { Machine } from './kinds.ts';
import { describeProblem, type Parsed, type ParsedSettings, type Problem, parseSettings } from './parse.ts';
import { readEnv } from './read-env.ts';
import { remarksOn, type SettingsHealth } from './remarks.ts';
import { type Revision, Revisions } from './revisions.ts';

export interface LoadOptions {
  /** Absolute, and there. */
  readonly dataDir: string;
  /** Another env file than `DATA/nightshift.env`; must be there. */
  readonly envFile?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By key: `{ WEB_HOST: '0.0.0.0' }`. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly machine?: Omit<Machine, 'dataDir'>;
  /** Wall time, ms since 1970. */
  readonly now?: () => number;
}

export interface LoadedSettings extends Parsed {
  /** The revision started on; null when it could not be kept. */
  readonly revision: Revision | null;
  readonly envFile: string;
  readonly health: readonly SettingsHealth[];
  /** What is wrong in the file, when it was not taken. */
  readonly problems: readonly Problem[];
  /** For the log. */
  readonly notes: readonly string[];
  readonly revisions: Revisions;
  /** The file as this start read it, good or not. */
  readonly read: Uint8Array | null;
  /** Under which name the revisions have this file. */
  readonly name: string;
  /** Reads a content of the file as this start read it: under the same environment and flags. */
  readonly parse: (file: Uint8Array | null) => ParsedSettings;
}

export const machine: Omit<Machine, 'dataDir'> = {
  cores: availableParallelism(),
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC',
  uidOf,
};

/** @throws Fault `usage` naming every problem when nothing good is left to start from; `dataFolder` when it is unusable. */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const envFile = resolve(options.envFile ?? join(options.dataDir, 'nightshift.env'));
  // By name, so that a data folder that has been moved still finds its own.
  const name = options.envFile === undefined ? 'nightshift.env' : envFile;
  const remarks: Remarks = { health: [], notes: [] };
  if (options.envFile === undefined) await makeEnvFile(envFile, remarks);
  const read = await readEnvAtStart(envFile, options.envFile !== undefined);
  const revisions = await openRevisions(options, remarks);
  // A copy: our own environment is emptied of settings once they are read.
  const environment = { ...options.environment };
  const parse = (file: Uint8Array | null) =>
    parseSettings({
      file,
      ...options,
      environment,
      machine: { ...(options.machine ?? machine), dataDir: options.dataDir },
    });
  const parsed = read.problem ? ({ ok: false, problems: [read.problem] } as const) : parse(read.bytes);
  const chosen = parsed.ok
    ? { ...parsed.value, revision: await keep(revisions, name, read.bytes ?? new Uint8Array(), remarks) }
    : fallBack(parsed.problems, revisions.last(name), parse, envFile, remarks);
  remarks.health.push(...remarksOn(chosen, envFile));
  const problems = parsed.ok ? [] : parsed.problems;
  return { ...chosen, envFile, read: read.bytes, problems, ...remarks, revisions, name, parse };
}

interface Remarks {
  readonly health: SettingsHealth[];
  readonly notes: string[];
}

/** A first start finds every setting explained in the file; a full disk must not stop it. */
async function makeEnvFile(path: string, remarks: Remarks): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(exampleFile());
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(path));
    remarks.notes.push(`made ${path} from the example; all settings in it are explained and at their defaults`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (!isFull(code)) throw unusable(path, error);
    remarks.notes.push(`${path} could not be made: the disk is full; all settings are at their defaults`);
  }
}

async function readEnvAtStart(path: string, asked: boolean): Promise<{ bytes: Uint8Array | null; problem?: Problem }> {
  const read = await readEnv(path);
  if ('problem' in read)
    return { bytes: null, problem: { key: null, source: 'file', line: null, message: read.problem } };
  if (read.bytes === null && asked)
    throw new Fault('usage', `the env file ${path} does not exist`, 'Correct the path after --env, or leave it out.');
  return read;
}

async function openRevisions(options: LoadOptions, remarks: Remarks): Promise<Revisions> {
  const path = join(options.dataDir, 'revisions.json');
  try {
    const revisions = await Revisions.open({
      path,
      quarantineDir: join(options.dataDir, 'quarantine'),
      now: options.now ?? Date.now,
    });
    if (revisions.quarantined !== null) {
      remarks.health.push({
        code: 'revisions_damaged',
        severity: 'warning',
        message: `revisions.json was damaged and has been moved to ${revisions.quarantined}: earlier settings are lost`,
        action: 'Nothing to do for the settings in force. Look at the disk if this happens again.',
      });
    }
    return revisions;
  } catch (error) {
    throw unusable(path, error);
  }
}

async function keep(revisions: Revisions, name: string, bytes: Uint8Array, remarks: Remarks): Promise<Revision | null> {
  try {
    return await revisions.keep(name, Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (!isFull((error as NodeJS.ErrnoException).code)) throw unusable('revisions.json', error);
    remarks.health.push({
      code: 'revision_not_kept',
      severity: 'warning',
      message: 'The disk is full: the settings in force could not be kept as a revision',
      action: 'Make room on the disk and start again.',
    });
    return null;
  }
}

function fallBack(
  problems: readonly Problem[],
  last: Revision | null,
  parse: (file: Uint8Array) => ParsedSettings,
  envFile: string,
  remarks: Remarks,
): Parsed & { revision: Revision | null } {
  const named = problems.map((problem) => describeProblem(problem, envFile));
  const good = last && parse(Buffer.from(last.content));
  if (!last || !good?.ok) {
    throw new Fault(
      'usage',
      `wrong settings:\n${named.map((line) => `  ${line}`).join('\n')}`,
      'Correct them and start again.',
    );
  }
  remarks.health.push({
    code: 'settings_wrong',
    severity: 'error',
    message: `Started on the last good settings (${last.id} of ${last.at}), because of ${named.join('; ')}`,
    action: `Correct ${envFile}; it is taken as soon as it is right.`,
  });
  return { ...good.value, revision: last };
}

function isFull(code: string | undefined): boolean {
  return code === 'ENOSPC' || code === 'EDQUOT';
}

function unusable(path: string, error: unknown): Fault {
  const { code, message } = error as NodeJS.ErrnoException;
  return new Fault(
    'dataFolder',
    `${path} cannot be used: ${code ?? message}`,
    'Give the user that runs Nightshift the data folder, writable.',
    { cause: error },
  );
}

/** From /etc/passwd; users of a directory service are given by number. */
function uidOf(name: string): number | null {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((user) => user.startsWith(`${name}:`));
    return line === undefined ? null : Number(line.split(':')[2]);
  } catch {
    return null;
  }
}
