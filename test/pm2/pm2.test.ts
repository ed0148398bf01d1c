import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { plainEnvironment } from '../helpers/plain-environment.ts';

const require = createRequire(import.meta.url);
const build = fileURLToPath(new URL('../../', import.meta.url));
const root = dirname(require.resolve('nightshift/package.json'));
const pm2Program = join(dirname(require.resolve('pm2/package.json')), 'bin', 'pm2');
const run = promisify(execFile);
const patienceMs = 60_000;
const lookEveryMs = 100;

interface App {
  readonly pid: number;
  readonly pm2_env: { readonly status: string; readonly restart_time: number; readonly exit_code?: number };
}

interface Task {
  readonly id: string;
  readonly state: string;
  readonly params: unknown;
  readonly attempts: readonly { readonly outcome: string | null }[];
}

/** A pm2 of its own: its daemon, the data folder it starts Nightshift on, and what a person would type. */
class Night {
  readonly folder = mkdtempSync(join(tmpdir(), 'nightshift-pm2-'));
  readonly dataDir = join(this.folder, 'data');
  readonly #ecosystem = join(this.folder, 'ecosystem.config.cjs');
  readonly #env = plainEnvironment({ PM2_HOME: join(this.folder, 'pm2'), NIGHTSHIFT_DATA: this.dataDir });
  #pids = new Set<number>();

  constructor() {
    mkdirSync(join(this.dataDir, 'handlers'), { recursive: true });
    // The real file, with the build under test in place of `build/`.
    const file = JSON.stringify(join(root, 'ecosystem.config.cjs'));
    const script = JSON.stringify(join(build, 'cli', 'main.js'));
    writeFileSync(
      this.#ecosystem,
      `const all = require(${file});\nall.apps[0].script = ${script};\nmodule.exports = all;\n`,
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

  async ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { url } = JSON.parse(readFileSync(join(this.dataDir, 'supervisor.json'), 'utf8')) as { url: string };
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
    const left = await until('no process left', async () => {
      const alive = [...this.#pids, ...daemons(this.folder)].filter(isAlive);
      return alive.length === 0 ? [] : null;
    }).catch(() => [...this.#pids].filter(isAlive));
    for (const pid of left) process.kill(pid, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    if (left.length > 0) throw new Error(`processes were left: ${left.join(', ')}`);
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

function isAlive(pid: number): boolean {
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
async function until<Found>(what: string, look: () => Promise<Found | null>): Promise<Found> {
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

async function withNight(t: Test, settings: string): Promise<Night> {
  const night = new Night();
  t.teardown(() => night.end());
  night.settings(settings);
  await night.start();
  return night;
}

/** Ends when a file of its name appears, so that the test decides when. */
const GATE = `import { access } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'test.gate',
  async run({ file }, ctx) {
    ctx.log.info('waiting');
    for (;;) {
      if (await access(file).then(() => true, () => false)) return { opened: true };
      await wait(20, null, { signal: ctx.signal });
    }
  },
};
`;

t.setTimeout(300_000);

t.test('killed under pm2, Nightshift is back by itself with everything that was accepted', async (t) => {
  const night = await withNight(t, 'WORKERS=2\n');
  const first = await night.ready();
  t.equal((await night.app()).pid, first, 'pm2 started the process that holds the data');
  await night.ask('POST', 'queue/pause', { reason: 'until the kill is over' });
  const tasks = Array.from({ length: 500 }, (_, number) => ({ type: 'echo', params: { number } }));
  const { tasks: accepted } = await night.ask<{ tasks: Task[] }>('POST', 'tasks', tasks);
  process.kill(first, 'SIGKILL');
  const second = await night.ready(first);
  t.not(second, first);
  const { total, items } = await night.ask<{ total: number; items: Task[] }>('GET', 'tasks?state=queued&limit=500');
  t.equal(total ?? items.length, 500);
  t.same(new Set(items.map(({ id }) => id)), new Set(accepted.map(({ id }) => id)), 'every accepted task is there');
  await night.ask('POST', 'queue/resume', {});
  const done = await until('all done', async () => {
    const page = await night.ask<{ items: Task[] }>('GET', 'tasks?state=succeeded&limit=500');
    return page.items.length === 500 ? page.items : null;
  });
  t.ok(
    done.every(({ attempts }) => attempts.length === 1),
    'each ran once',
  );
  t.equal((await night.app()).pm2_env.restart_time, 1, 'pm2 started it once more');
});

t.test('pm2 stop lets a running task end', async (t) => {
  const night = new Night();
  t.teardown(() => night.end());
  night.settings('WORKERS=2\n');
  writeFileSync(join(night.dataDir, 'handlers', 'gate.mjs'), GATE);
  await night.start();
  const first = await night.ready();
  const file = join(night.folder, 'open');
  const { task } = await night.ask<{ task: Task }>('POST', 'tasks', { type: 'test.gate', params: { file } });
  await until('it runs', async () =>
    (await night.ask<{ task: Task }>('GET', `tasks/${task.id}`)).task.state === 'running' ? true : null,
  );
  const stopped = night.pm2('stop', 'nightshift');
  // Still running now, with the stop under way: only then is the gate opened.
  await until('it drains', async () =>
    (await night.ask<{ state: string }>('GET', 'status')).state === 'draining' ? true : null,
  );
  t.ok(isAlive(first), 'it waits for its task');
  writeFileSync(file, '');
  await stopped;
  t.equal((await night.app()).pm2_env.status, 'stopped');
  await night.pm2('start', 'nightshift');
  await night.ready(first);
  const again = await night.ask<{ task: Task }>('GET', `tasks/${task.id}`);
  t.equal(again.task.state, 'succeeded');
  t.same(
    again.task.attempts.map(({ outcome }) => outcome),
    ['succeeded'],
    'in its first attempt',
  );
});

t.test('with wrong settings it stays stopped until they are right', async (t) => {
  const night = await withNight(t, 'WORKERS=many\n');
  const app = await until('it ended', async () => {
    const found = await night.app();
    return found.pm2_env.exit_code === 64 ? found : null;
  });
  t.equal(app.pid, 0);
  const log = join(night.folder, 'pm2', 'logs', 'nightshift-error.log');
  // Each question takes longer than the first pauses pm2 would make.
  for (let asked = 0; asked < 4; asked++)
    t.equal((await night.app()).pm2_env.restart_time, 0, 'pm2 does not try again');
  t.match(readFileSync(log, 'utf8'), /WORKERS/, 'its log says what is wrong');
  night.settings('WORKERS=2\n');
  await night.pm2('start', 'nightshift');
  await night.ready();
  t.equal((await night.app()).pm2_env.status, 'online');
});
