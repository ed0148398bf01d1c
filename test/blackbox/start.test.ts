/** What is decided while the real program starts: which settings reach whom, a stop that comes early, a kill in between. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { startFor } from '../helpers/supervised.ts';
import {
  dataFolder,
  eventually,
  executions,
  type Folder,
  SupervisorProcess,
  startAndEnd,
} from '../helpers/supervisor-process.ts';

/** Tells what reaches it. */
const tells = (type: string, settings: readonly string[]) => `
const early = Object.keys(process.env);
export default {
  type: '${type}',
  settings: ${JSON.stringify(settings)},
  run: (_params, ctx) => ({ settings: ctx.settings, variables: [...early, ...Object.keys(process.env)].filter((name) => name.startsWith('NIGHTSHIFT_')) }),
};
`;

t.test(
  'a setting reaches the handlers that declare it and no other, and none gets the keys of the console',
  async (t) => {
    const declared = ['HANDLER_API_KEY', 'HANDLER_UNSET', 'LIBRARY_DIR', 'WEB_TOKEN', 'WEB_READ_TOKEN'];
    const supervisor = await startFor(
      t,
      { 'asks.mjs': tells('asks', declared), 'silent.mjs': tells('silent', []) },
      { settings: { HANDLER_API_KEY: 'k', HANDLER_OTHER: 'o', WEB_READ_TOKEN: 'r', LIBRARY_DIR: '/l' } },
    );
    const reached = async (type: string) =>
      (await supervisor.until((await supervisor.add({ type })).id, 'succeeded', 'failed')).result;
    t.same(await reached('asks'), { settings: { HANDLER_API_KEY: 'k', LIBRARY_DIR: '/l' }, variables: [] });
    t.same(await reached('silent'), { settings: {}, variables: [] });
  },
);

t.test('a host name that the settings accept is one the page answers to', async (t) => {
  const names = ['night.example', '*.lan', 'nas:8443', '[fd00:0:0::1]:8421', 'fd00::2'];
  const supervisor = await startFor(t, {}, { settings: { WEB_ALLOWED_HOSTS: names.join(',') } });
  const { hostname, port } = new URL(supervisor.url);
  const status = (host: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      get({ hostname, port, path: '/healthz', headers: { host } }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      }).on('error', reject);
    });
  for (const host of [
    'night.example',
    'night.example:1',
    'a.lan',
    'b.a.lan:2',
    'nas:8443',
    '[fd00::1]:8421',
    '[fd00::2]',
  ])
    t.equal(await status(host), 200, host);
  for (const host of ['lan', 'night.example.evil', 'alan', 'nas', 'nas:8421', '[fd00::1]:1'])
    t.equal(await status(host), 403, host);
});

t.test(
  'settings of a later version are pointed out on the page and in the log, and their values nowhere',
  async (t) => {
    const folder = dataFolder();
    t.teardown(() => folder.remove());
    writeFileSync(join(folder.dir, 'nightshift.env'), 'HEARTBEAT_URL=geheim\nWEBHOOK_URL=https://x/geheim\n');
    const supervisor = await SupervisorProcess.start(folder);
    t.teardown(() => supervisor.kill());
    const { body } = await supervisor.call('GET', '/status');
    t.match(JSON.stringify(body), 'WEBHOOK_URL has no effect in this version');
    t.match(supervisor.output, 'HEARTBEAT_URL has no effect in this version');
    t.notMatch(JSON.stringify(body) + supervisor.output, 'geheim');
  },
);

const ended = { code: 0, signal: null };

/** Starts, waits for a sign of how far the start has come, does something, and gives what became of it. */
async function interrupted(folder: Folder, sign: () => boolean, act: (child: ChildProcess) => unknown) {
  let acted: Promise<unknown> = Promise.resolve();
  const { code, signal, output } = await startAndEnd(folder.dir, {}, (child) => {
    acted = eventually('the start to come so far', () => (sign() ? true : null)).then(() => act(child));
  });
  await acted;
  return { code, signal, output };
}

const terminate = (child: ChildProcess) => void process.kill(child.pid as number, 'SIGTERM');

t.test('a stop asked for during the start ends it in order, whenever it comes', async (t) => {
  const folder = dataFolder();
  t.teardown(() => folder.remove());
  const first = await SupervisorProcess.start(folder);
  const { id } = await first.add({ type: 'record', params: { file: folder.record }, delay: '1h' });
  t.same(await first.stop(), ended);
  let before = segments(folder);
  const signs: Readonly<Record<string, () => boolean>> = {
    'the lock is taken': () => ownerOf(folder) !== null,
    'the journal has begun': () => segments(folder).some((name) => !before.includes(name)),
    'HTTP is served': () => existsSync(join(folder.dir, 'supervisor.json')),
  };
  for (const [when, sign] of Object.entries(signs)) {
    rmSync(join(folder.dir, 'LOCK'), { force: true });
    before = segments(folder);
    const { code, signal, output } = await interrupted(folder, sign, terminate);
    t.same({ code, signal }, ended, `${when}: ${output}`);
    t.match(output, 'stopping: SIGTERM');
    t.notOk(existsSync(join(folder.dir, 'supervisor.json')), 'nobody is told of a supervisor that is gone');
  }
  const last = await SupervisorProcess.start(folder);
  last.signal('SIGTERM');
  t.same(await last.ended, ended, 'as soon as it says that it listens');
  const again = await SupervisorProcess.start(folder);
  t.equal((await again.task(id)).state, 'scheduled', 'and nothing is lost');
  const { body } = await again.call('GET', '/status');
  t.match(body, { recovered: { clean: true } });
  t.same(await again.stop(), ended);
});

function segments(folder: Folder): readonly string[] {
  return readdirSync(join(folder.dir, 'journal')).filter((name) => name.endsWith('.ndjson'));
}

function ownerOf(folder: Folder): string | null {
  try {
    return readFileSync(join(folder.dir, 'LOCK'), 'utf8') || null;
  } catch {
    return null;
  }
}

t.test(
  'a step of the start that is under way ends, then the stop has its turn; a second signal does not wait',
  async (t) => {
    const loads = (dir: string) => `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
writeFileSync(${JSON.stringify(join(dir, '..', 'begun'))}, '');
while (!existsSync(${JSON.stringify(join(dir, '..', 'go'))})) await wait(10);
export default { type: 'loads', run() {} };
`;
    for (const twice of [false, true]) {
      const folder = dataFolder();
      t.teardown(() => folder.remove());
      writeFileSync(join(folder.dir, 'handlers', 'loads.mjs'), loads(folder.dir));
      const begun = join(folder.dir, '..', 'begun');
      const { code, signal, output } = await interrupted(
        folder,
        () => existsSync(begun),
        (child) => {
          terminate(child);
          if (twice) child.once('exit', () => writeFileSync(join(folder.dir, '..', 'go'), ''));
          if (twice) process.kill(child.pid as number, 'SIGINT');
          else writeFileSync(join(folder.dir, '..', 'go'), '');
        },
      );
      t.same({ code, signal }, ended, output);
      t.equal(output.includes('stopped'), !twice);
      t.notMatch(output, 'listening on');
    }
  },
);

t.test('what HTTP accepted before the start was over is kept by a stop that comes then', async (t) => {
  const folder = dataFolder();
  t.teardown(() => folder.remove());
  // Files that keep the first look into the inbox busy.
  const tasks = JSON.stringify(
    Array.from({ length: 2_000 }, () => ({ type: 'record', params: { file: folder.record }, delay: '1h' })),
  );
  for (let number = 0; number < 40; number++) writeFileSync(join(folder.dir, 'inbox', `${number}.json`), tasks);
  let status = 0;
  let id = '';
  const about = join(folder.dir, 'supervisor.json');
  const { code, signal, output } = await interrupted(
    folder,
    () => existsSync(about),
    async (child) => {
      const { url } = await eventually('its address', () => readAbout(about));
      const response = await fetch(`${url}/api/v1/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ type: 'record', params: { file: folder.record }, delay: '1h' }),
      });
      status = response.status;
      id = ((await response.json()) as { task: { id: string } }).task.id;
      terminate(child);
    },
  );
  t.same({ code, signal }, ended, output);
  t.equal(status, 201);
  const again = await SupervisorProcess.start(folder);
  t.teardown(() => again.kill());
  t.equal((await again.task(id)).state, 'scheduled');
  const total = await eventually('the inbox to be taken', async () => {
    const { scheduled = 0 } = await again.counts();
    return scheduled === 80_001 ? scheduled : null;
  });
  t.equal(total, 80_001, 'and every file counts once');
  t.same(executions(folder), []);
  t.same(await again.stop(), ended);
});

function readAbout(path: string): { readonly url: string } | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { url: string };
  } catch {
    return null;
  }
}

t.test('an empty or cut token is made anew, and lets nobody in before', async (t) => {
  const folder = dataFolder();
  t.teardown(() => folder.remove());
  const path = join(folder.dir, 'token');
  const token = () => readFileSync(path, 'utf8').trim();
  const allowed = async (supervisor: SupervisorProcess, shown: string) => {
    const headers = { authorization: `Bearer ${shown}`, 'content-type': 'application/json' };
    return (await fetch(`${supervisor.url}/api/v1/queue/resume`, { method: 'POST', headers, body: '{}' })).status;
  };
  for (const left of ['', '\n', 'half-of-a-tok']) {
    writeFileSync(path, left);
    const supervisor = await SupervisorProcess.start(folder, { settings: { WEB_LOOPBACK_OPEN: 'false' } });
    t.match(token(), /^[A-Za-z0-9_-]{32}$/);
    t.equal(await allowed(supervisor, token()), 200);
    t.equal(await allowed(supervisor, left.trim()), 401);
    t.same(await supervisor.stop(), ended);
  }
  const made = token();
  writeFileSync(`${path}.tmp`, 'a kill left this');
  const supervisor = await SupervisorProcess.start(folder);
  t.equal(token(), made, 'a whole one stays');
  t.same(await supervisor.stop(), ended);
});
