/**
 * Which files in the handlers folder are executable handlers, in whatever language: the run bit says that one is meant, its
 * first bytes that the system can run it. What would keep it from running is said here, not by each of its tasks.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { programFileBytesMax } from './limits.ts';
import { SETTING, settingsMax, TYPE } from './shape.ts';
import { refuseUntrusted } from './trust.ts';

export interface ProgramFile {
  readonly type: string;
  readonly settings: readonly string[];
  /** First 12 hex digits of the sha256 of the file. */
  readonly version: string;
}

const SCRIPT_EXTENSION = /\.(?:py|sh|rb|pl|php|js)$/;
const SETTINGS_LINE = /^\s*#\s*nightshift-settings:(.*)$/gm;
/** Settings are declared within so many bytes of the beginning. */
const headBytes = 16 * 1024;
const chunkBytes = 1024 * 1024;

/** @returns null for a file that is no program and is not meant to be one @throws Error that says what to mend */
export async function lookAtProgram(file: string): Promise<ProgramFile | null> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('is not a regular file');
    refuseUntrusted(stats);
    const { mode, size } = stats;
    const head = await headOf(handle);
    const begins = head.startsWith('#!') ? 'script' : head.startsWith('\x7fELF') ? 'elf' : null;
    if ((mode & 0o111) === 0) {
      if (begins !== 'script') return null;
      throw new Error('begins with #! but has no run bit: if it is a handler, give it one with chmod u+x');
    }
    if (begins === null) throw new Error('has the run bit, but begins neither with #! nor with an ELF header');
    if (size > programFileBytesMax) throw new Error(`is ${size} bytes; at most ${programFileBytesMax} are run`);
    if (begins === 'script') await refuseInterpreter(head);
    await access(file, constants.X_OK).catch((error: Error) => {
      throw new Error(`cannot be run by the supervisor's user: ${error.message}`);
    });
    return {
      type: typeOf(file),
      settings: begins === 'script' ? settingsOf(head) : [],
      version: await hash(handle, size),
    };
  } finally {
    await handle.close();
  }
}

/** As handlers name where they are: modules by a `file:` URL, programs by this. */
export function programUrl(file: string): string {
  return pathToFileURL(file).href.replace(/^file:/, 'program:');
}

/** @returns null when the URL is that of a module */
export function programPath(url: string): string | null {
  return url.startsWith('program:') ? fileURLToPath(url.replace(/^program:/, 'file:')) : null;
}

async function headOf(handle: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(headBytes), position: 0 });
  return buffer.toString('latin1', 0, bytesRead);
}

function typeOf(file: string): string {
  const type = basename(file).replace(SCRIPT_EXTENSION, '');
  if (TYPE.test(type)) return type;
  throw new Error(`has a name that is no type: "${type}" must be made of letters, digits and . _ : / @ + -`);
}

function settingsOf(head: string): readonly string[] {
  const lines = [...head.matchAll(SETTINGS_LINE)];
  const names = [...new Set(lines.flatMap(([, list = '']) => list.split(/[\s,]+/).filter((name) => name !== '')))];
  const wrong = names.find((name) => !SETTING.test(name));
  if (wrong !== undefined) {
    throw new Error(
      `declares the setting "${wrong}" in its nightshift-settings line; expected HANDLER_API_KEY or such`,
    );
  }
  if (names.length > settingsMax)
    throw new Error(`declares ${names.length} settings; at most ${settingsMax} are given`);
  return names;
}

/** The system would only say that the file is not there. */
async function refuseInterpreter(head: string): Promise<void> {
  const line = /^#![^\n]*/.exec(head)?.[0] ?? '';
  if (line.endsWith('\r')) {
    throw new Error("has Windows line ends, by which its interpreter is not found: convert it with sed -i 's/\\r$//'");
  }
  const [interpreter = '', ...rest] = line.slice(2).trim().split(/\s+/);
  if (!isAbsolute(interpreter)) throw new Error(`names no interpreter by its whole path in its first line: ${line}`);
  if (!(await canRun(interpreter))) throw new Error(`needs the interpreter ${interpreter}, which is not there`);
  const name = basename(interpreter) === 'env' ? rest.find((word) => !/^-|=/.test(word)) : undefined;
  if (name === undefined || isAbsolute(name)) return;
  if ((await programInPath(name)) !== null) return;
  throw new Error(`needs the interpreter ${name}, which is not in the PATH ${pathFolders().join(delimiter)}`);
}

/** @returns where a program is that is run by its name; null when there is none */
export async function programInPath(name: string): Promise<string | null> {
  for (const folder of pathFolders()) if (await canRun(join(folder, name))) return join(folder, name);
  return null;
}

function pathFolders(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

function canRun(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function hash(handle: FileHandle, size: number): Promise<string> {
  const sum = createHash('sha256');
  const buffer = Buffer.alloc(Math.min(Math.max(size, 1), chunkBytes));
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read({ buffer, position });
    if (bytesRead === 0) return sum.digest('hex').slice(0, 12);
    sum.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
