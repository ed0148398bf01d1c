/** `backup.paths`: any folders and files as one dated, compressed archive, beside which older ones are removed. */
import { z } from 'zod';
import { mayRead } from '../archive/may-read.ts';
import { anyOf, patternCharsMax, patternMistake } from '../archive/patterns.ts';
import { RETENTION, removeOld } from '../archive/retention.ts';
import { copyDatabase, type Ran } from '../archive/sqlite.ts';
import { measure, take } from '../archive/two-walks.ts';
import { Unreadable } from '../archive/unreadable.ts';
import type { Found, Walking } from '../archive/walk.ts';
import { tellOf, writeArchive } from '../archive/write-archive.ts';
import { runInAttempt } from '../attempt-program.ts';
import { defineHandler, type HandlerContext } from '../define.ts';
import { placeFor } from '../download/folder.ts';
import { inheritedEnvironment } from '../executable.ts';
import { Tail } from '../exit.ts';
import { setup } from '../setup.ts';

const listMax = 100;
const pathCharsMax = 4_096;

const pattern = z
  .string()
  .max(patternCharsMax)
  .superRefine((text, ctx) => {
    const message = patternMistake(text);
    if (message !== null) ctx.addIssue({ code: 'custom', message });
  });

const params = z.strictObject({
  paths: z
    .array(
      z
        .string()
        .max(pathCharsMax)
        .refine((path) => path.startsWith('/') && !path.includes('\0'), 'must be an absolute path'),
    )
    .min(1)
    .max(listMax),
  /** What archives are called, before their date. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'must be up to 64 lower-case letters, digits and . _ -')
    .refine((name) => name !== 'nightshift', 'must not be "nightshift": backup.create calls its archives so'),
  /** Folder in `BACKUP_DIR`. */
  dir: z.string().default(''),
  include: z.array(pattern).max(listMax).default([]),
  exclude: z.array(pattern).max(listMax).default([]),
  ...RETENTION,
});
type Params = z.infer<typeof params>;

interface Result {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  /** Of the files, those that SQLite copied. */
  readonly databases: number;
  /** What was met and is not in the archive, each with a line of the log. */
  readonly leftOut: number;
  /** Names of archives that were removed for it. */
  readonly removed: readonly string[];
}

export const handler = defineHandler<Params, Result>({
  type: 'backup.paths',
  timeout: '24h',
  concurrency: 1,
  settings: ['BACKUP_DIR', 'BACKUP_PATHS', 'LIBRARY_DIR'],
  params,
  async run(given, ctx) {
    const place = await placeFor(setup.dataDir, ctx.settings['BACKUP_DIR'] || 'backups', given.dir, 'BACKUP_DIR');
    const { roots, leftOut } = await mayRead(given.paths, {
      dataDir: setup.dataDir,
      libraryDir: ctx.settings['LIBRARY_DIR'] || 'library',
      named: ctx.settings['BACKUP_PATHS'] ?? '',
      archives: place.root,
    });
    const told = new LeftOut(ctx);
    const walking: Walking = {
      roots,
      include: given.include.length === 0 ? null : anyOf(given.include),
      exclude: anyOf(given.exclude),
      leftOut,
      leave: (line) => told.add(line),
      unreadable: new Unreadable(),
      signal: ctx.signal,
    };
    const databases = new Databases(ctx);
    const total = await measure(walking, ctx);
    const entries = take(walking, (found, head) => databases.copy(found, head), total, ctx);
    const at = new Date();
    try {
      const archive = await writeArchive(entries, { folder: place.folder, prefix: given.name, at, signal: ctx.signal });
      const removed = await removeOld(archive.path, place.folder, given.name, at.getTime(), given);
      tellOf(archive, removed, ctx);
      return { ...archive, databases: databases.count, leftOut: told.count, removed };
    } finally {
      // Ends with what it is at, so that no program still copies when the attempt has ended.
      await entries.return(undefined);
    }
  },
});

/** What is left out is told once where several things in a row are for one reason. */
class LeftOut {
  count = 0;
  #last = '';
  readonly #ctx: HandlerContext;

  constructor(ctx: HandlerContext) {
    this.#ctx = ctx;
  }

  add(line: string): void {
    if (line === this.#last) return;
    this.#last = line;
    this.count++;
    this.#ctx.log.warn(line);
  }
}

/** Copies them by a program, one after the other. */
class Databases {
  count = 0;
  readonly #ctx: HandlerContext;

  constructor(ctx: HandlerContext) {
    this.#ctx = ctx;
  }

  async copy({ path }: Found, head: Buffer): Promise<string | null> {
    const copy = await copyDatabase(path, head, await this.#ctx.scratch(), (command, cwd) => this.#run(command, cwd));
    if (copy !== null) this.count++;
    return copy;
  }

  async #run(command: readonly [string, ...string[]], cwd: string): Promise<Ran> {
    const tail = new Tail();
    const program = { command, cwd, env: inheritedEnvironment(), stdin: '' };
    const { exitCode, signal } = await runInAttempt(this.#ctx, program, (_, text) => tail.add(text));
    return { exitCode, words: tail.last ?? (signal ? `it was ended by ${signal}` : `exit code ${exitCode}`) };
  }
}
