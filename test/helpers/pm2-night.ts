/** pm2 with a home of its own, and Nightshift under it as the real ecosystem file has it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { plainEnvironment } from './plain-environment.ts';

const require = createRequire(import.meta.url);
const build = fileURLToPath(new URL('../../', import.meta.url));
const root = dirname(require.resolve('nightshift/package.json'));
const pm2Program = join(dirname(require.resolve('pm2/package.json')), 'bin', 'pm2');
const run = promisify(execFile);
const patienceMs = 60_000;
const lookEveryMs = 100;

export interface App {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number; readonly exit_code?: number };
}

/** A pm2 of its own: its daemon, the data folder it starts Nightshift on, and what a person would type. */
export class Night {
  readonly folder = mkdtempSync(join(tmpdir(), 'nightshift-pm2-'));
  readonly dataDir: string;
  readonly #ecosystem = join(this.folder, 'ecosystem.config.cjs');
  readonly #env: NodeJS.ProcessEnv;
  #pids = new Set<number>();

  /** @param changes to the real ecosystem file's app, as JavaScript */
  constructor({ dataDir, changes = '{}' }: { readonly dataDir?: string; readonly changes?: string } = {}) {
    this.dataDir = dataDir ?? join(this.folder, 'data');
    this.#env = plainEnvironment({ PM2_HOME: join(this.folder, 'pm2'), NIGHTSHIFT_DATA: this.dataDir });
    mkdirSync(join(this.dataDir, 'handlers'), { recursive: true });
    // The real file, with the build under test in place of `build/`.
    const file = JSON.stringify(join(root, 'ecosystem.config.cjs'));
    const script = JSON.stringify(join(build, 'cli', 'main.js'));
    writeFileSync(
      this.#ecosystem,
      `const all = require(${file});\nObject.assign(all.apps[0], { script: ${script} }, ${changes});\nmodule.exports = all;\n`,
    );
  }

  settings(text: string): void {
    writeFileSync(join(this.dataDir, 'nightshift.env'), `WEB_PORT=0\n${text}`);
  }

  async pm2(...words: string[]): Promise<string> {
    return (
      await run(process.execPath, [pm2Program, ...words], {
        env: this.#env,
        cwd: this.folder,
        maxBuffer: 16 * 1024 * 1024,
      })
    ).stdout;
  }

  start(): Promise<string> {
    return this.pm2('start', this.#ecosystem);
  }

  async app(): Promise<App> {
    const said = await this.pm2('jlist');
    const [app] = JSON.parse(said.slice(said.indexOf('['))) as App[];
    if (!app) throw new Error('pm2 does not know the app');
    if (app.pid > 0) this.#pids.add(app.pid);
    return app;
  }

  /** Waits for a supervisor other than `before` to take work. @returns its process */
  ready(before = 0): Promise<number> {
    return until('ready', async () => {
      const { pid, url } = JSON.parse(readFileSync(join(this.dataDir, 'supervisor.json'), 'utf8')) as {
        pid: number;
        url: string;
      };
      if (pid === before) return null;
      this.#pids.add(pid);
      return (await fetch(`${url}/readyz`)).ok ? pid : null;
    });
  }

  get url(): string {
    return (JSON.parse(readFileSync(join(this.dataDir, 'supervisor.json'), 'utf8')) as { url: string }).url;
  }

  async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { url } = this;
    const authorization = `Bearer ${readFileSync(join(this.dataDir, 'token'), 'utf8').trim()}`;
    const response = await fetch(`${url}/api/v1/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  }

  /** @throws when a process is left, after ending it */
  async end(): Promise<void> {
    await this.pm2('kill');
    const left = await until('no process left', async () => (this.#alive().length === 0 ? [] : null)).catch(() =>
      this.#alive(),
    );
    for (const pid of left) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    if (left.length > 0) throw new Error(`processes were left: ${left.join(', ')}`);
  }

  /** Told by their environment where that can be seen: after many kills a number may be somebody else's by now. */
  #alive(): number[] {
    return process.platform === 'linux' ? daemons(this.folder) : [...this.#pids].filter(isAlive);
  }
}

/** Processes that have the folder on their command line or as their PM2_HOME. */
function daemons(folder: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`PM2_HOME=${folder}/`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // One that has ended and waits for its parent to notice is gone for our purposes.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

/** pm2 offers nothing to wait on: it is asked again and again, until the answer is there or patience ends. */
export async function until<Found>(what: string, look: () => Promise<Found | null>): Promise<Found> {
  const deadline = performance.now() + patienceMs;
  let trouble: unknown = null;
  while (performance.now() < deadline) {
    const found = await look().catch((thrown) => {
      trouble = thrown;
      return null;
    });
    if (found !== null) return found;
    await wait(lookEveryMs);
  }
  throw new Error(`not within ${patienceMs / 1_000} s: ${what}`, { cause: trouble });
}
