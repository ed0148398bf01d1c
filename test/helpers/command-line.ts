/** The command line as a person uses it: started anew for each command, in a folder that goes with the test. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { plainEnvironment } from './plain-environment.ts';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export function commandLine(t: Test) {
  process.env['NODE_OPTIONS'] = plainEnvironment()['NODE_OPTIONS'];
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-cli-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }));

  function nightshift(
    words: readonly string[],
    { input = '', env = {} }: { input?: string; env?: Record<string, string> } = {},
  ): Promise<Ended> {
    return new Promise((resolve) => {
      const options = { env: plainEnvironment(env), cwd: folder };
      const child = execFile(process.execPath, [program, ...words], options, (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, out, err });
      });
      child.stdin?.end(input);
    });
  }

  return { folder, nightshift };
}
