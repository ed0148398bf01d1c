/** Tests that need a program of the system say so here: missing, they are skipped by name, or fail when all must run. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Programs a test may need, and Debian's package that brings each. */
export const PACKAGES = {
  nginx: 'nginx-light',
  rclone: 'rclone',
  chromium: 'chromium',
  strace: 'strace',
  flock: 'util-linux',
  prlimit: 'util-linux',
  unshare: 'util-linux',
  mkfifo: 'coreutils',
  cc: 'gcc',
  python3: 'python3',
  sqlite3: 'sqlite3',
  curl: 'curl',
} as const;
export type Program = keyof typeof PACKAGES;

/** Path of a program, or null when this machine has none. */
export function find(program: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // the next folder may have it
    }
  }
  return null;
}

/** The same for what only some machines allow: namespaces of one's own, as `unshare` makes them with these flags. */
export function needsNamespaces(flags: string): { skip?: string } {
  const allowed = () => spawnSync('unshare', [flags, 'true']).status === 0;
  if (needs('unshare').skip || process.env['NIGHTSHIFT_TEST_ALL'] === '1') return needs('unshare');
  return allowed() ? {} : { skip: `needs a machine that allows namespaces (unshare ${flags})` };
}

/**
 * Options for `t.test(name, needs('nginx'), …)`: with the program there, nothing; without it, a skip that names the
 * package, or under `NIGHTSHIFT_TEST_ALL=1` no skip at all, so that the test fails.
 */
export function needs(...programs: Program[]): { skip?: string } {
  const missing = programs.filter((program) => find(program) === null);
  if (missing.length === 0 || process.env['NIGHTSHIFT_TEST_ALL'] === '1') return {};
  return { skip: `needs ${missing.map((program) => `${program} (package ${PACKAGES[program]})`).join(', ')}` };
}
