/**
 * Every secret has a value that is recognized wherever it turns up. Then the program is made to say as much as it can, and
 * all that leaves it is searched: what handlers are given, answers, events, log, page, command line, files.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { TaskView } from '../../supervisor/facade.ts';
import { isLaterSecret, LATER_KEYS } from '../../supervisor/settings/later.ts';
import { ROWS } from '../../supervisor/settings/settings.ts';
import type { RevisionView, SettingsView } from '../../supervisor/settings-facade.ts';
import { commandLine } from '../helpers/command-line.ts';
import { folderFor, startOn } from '../helpers/supervised.ts';
import { eventually, type SupervisorProcess } from '../helpers/supervisor-process.ts';

const { nightshift } = commandLine(t);

const DECLARED = 'HANDLER_API_KEY';
const KEYS = [
  ...ROWS.filter(({ secret }) => secret).map(({ key }) => key),
  ...LATER_KEYS.filter(isLaterSecret),
  DECLARED,
  'HANDLER_DB_PASSWORD',
];
/** Given where the program is started; all others in the file. */
const IN_ENVIRONMENT = new Set(['WEB_READ_TOKEN', 'HEARTBEAT_URL', 'HANDLER_DB_PASSWORD']);
const secretOf = (key: string, which = 'first') => `needle-${which}-${key.toLowerCase()}-x4711`;
const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');

const fileText = (which: string, more = '') =>
  [
    ...KEYS.filter((key) => !IN_ENVIRONMENT.has(key)).map((key) => `${key}=${secretOf(key, which)}`),
    'LOG_LEVEL=trace',
    more,
  ].join('\n');

/**
 * Tells all it can find out about its settings and its environment, and declares what it must not be given. A line each:
 * lines have a limit, and a thread has its environment in no order, so that of one long line any part might be cut off.
 */
const nosy = (type: string, lane: string) => `
import { readFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
export default {
  type: '${type}', lane: '${lane}', settings: ['WEB_TOKEN', 'WEB_READ_TOKEN', 'WORKERS'],
  run(_params, ctx) {
    const { env, argv, execArgv } = process;
    const begunWith = '${lane}' === 'process' && process.platform === 'linux' ? readFileSync('/proc/self/environ', 'utf8') : '';
    const all = { env, argv, execArgv, begunWith, workerData, settings: ctx.settings, task: ctx.task };
    for (const [name, value] of Object.entries(all)) if (name !== 'env') ctx.log.info(name, JSON.stringify(value));
    for (const [name, value] of Object.entries(env)) ctx.log.info(name + '=' + value);
    return { dump: JSON.parse(JSON.stringify(all)), settings: Object.keys(ctx.settings) };
  },
};
`;
const PROGRAM = `#!/bin/sh
# nightshift-settings: WORKERS
echo "its environment:"
env
[ ! -d /proc/self ] || tr '\\0' '\\n' < "/proc/$PPID/environ"
`;
/** It may know the one, and says only whether it does. */
const ENTITLED = `
import { createHash } from 'node:crypto';
export default { type: 'entitled', settings: ['${DECLARED}'],
  run: (_params, ctx) => ({ hash: createHash('sha256').update(ctx.settings.${DECLARED}).digest('hex'), keys: Object.keys(ctx.settings) }) };
`;

const NOSY = ['nosy-thread', 'nosy-io', 'nosy-process', 'nosy-program'];

/** What has left the program so far, by where it was found. */
class Found {
  readonly #texts: [where: string, text: string][] = [];

  add(where: string, text: string): void {
    this.#texts.push([where, text]);
  }

  /** Places where one of these stands, with what follows it. */
  leaks(marks: readonly string[]): readonly string[] {
    return this.#texts.flatMap(([where, text]) =>
      marks.flatMap((mark) => {
        const at = text.indexOf(mark);
        return at === -1 ? [] : [`${where}: ${text.slice(at, at + 60)}`];
      }),
    );
  }
}

const tokenOf = ({ folder }: SupervisorProcess) => readFileSync(join(folder.dir, 'token'), 'utf8').trim();

async function text(supervisor: SupervisorProcess, path: string): Promise<string> {
  const answer = await fetch(`${supervisor.url}${path}`, {
    headers: { authorization: `Bearer ${tokenOf(supervisor)}` },
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

async function edit(supervisor: SupervisorProcess, content: string): Promise<SettingsView> {
  writeFileSync(join(supervisor.folder.dir, 'nightshift.env'), content);
  return eventually('the file to be looked at', async () => {
    const { body } = await supervisor.callAsOwner<SettingsView>('GET', '/settings');
    return body.fileHash === hashOf(content) ? body : null;
  });
}

function listen(t: Test, supervisor: SupervisorProcess): () => string {
  const abort = new AbortController();
  let heard = '';
  const reading = (async () => {
    const headers = { authorization: `Bearer ${tokenOf(supervisor)}` };
    const { body } = await fetch(`${supervisor.url}/api/v1/events`, { headers, signal: abort.signal });
    const decoder = new TextDecoder();
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>)
      heard += decoder.decode(chunk, { stream: true });
  })().catch(() => {});
  t.teardown(() => {
    abort.abort();
    return reading;
  });
  return () => heard;
}

/** Runs a task of each nosy type. */
async function runAll(t: Test, supervisor: SupervisorProcess, found: Found): Promise<void> {
  const owner = <T>(method: string, path: string, body?: unknown) => supervisor.callAsOwner<T>(method, path, body);
  const until = async (type: string) => {
    const { status, body } = await owner<{ task: TaskView }>('POST', '/tasks', { type });
    t.equal(status, 201);
    return eventually(`${type} to end`, async () => {
      const { task } = (await owner<{ task: TaskView }>('GET', `/tasks/${body.task.id}`)).body;
      return ['succeeded', 'failed'].includes(task.state) ? task : null;
    });
  };
  for (const type of NOSY) {
    const task = await until(type);
    t.equal(task.state, 'succeeded', `${type}: ${JSON.stringify(task.error)}`);
    if (type !== 'nosy-program')
      t.match(task.result, { settings: ['WORKERS'] }, 'no token of the page, though declared');
    const log = await text(supervisor, `/api/v1/tasks/${task.id}/log`);
    t.match(log, ' PATH=', `${type} has told its environment`);
    found.add(`what ${type} was given`, JSON.stringify(task) + log);
  }
}

async function askAll(supervisor: SupervisorProcess, found: Found): Promise<void> {
  const api = [
    'settings',
    'settings/revisions',
    'flags',
    'handlers',
    'status',
    'workers',
    'queue',
    'tasks',
    'session',
    'openapi.json',
  ];
  for (const path of [...api.map((name) => `/api/v1/${name}`), '/metrics', '/healthz', '/readyz', '/login'])
    found.add(path, await text(supervisor, path));
  const { items } = JSON.parse(await text(supervisor, '/api/v1/settings/revisions')) as {
    items: readonly RevisionView[];
  };
  for (const { id } of items)
    for (const against of ['', `?against=${items[0]?.id}`])
      found.add(`diff of ${id}${against}`, await text(supervisor, `/api/v1/settings/revisions/${id}/diff${against}`));
  const page = await text(supervisor, '/');
  found.add('the page', page);
  for (const [, asset] of page.matchAll(/"(assets\/[^"]+)"/g))
    found.add(`${asset}`, await text(supervisor, `/${asset}`));
}

async function askByCommand({ folder }: SupervisorProcess, found: Found): Promise<void> {
  const env = { NIGHTSHIFT_DATA: folder.dir };
  for (const words of [
    'settings show --json',
    'settings show',
    'settings revisions',
    'settings revisions r2',
    'status',
  ]) {
    const { code, out, err } = await nightshift(words.split(' '), { env });
    if (code !== 0) throw new Error(`${words}: ${err}`);
    found.add(`nightshift ${words}`, out + err);
  }
}

/** All of the data folder, but for the two that hold the settings and that with the local token. */
function searchFiles(dir: string, found: Found): void {
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !['nightshift.env', 'revisions.json', 'token'].some((name) => path === join(dir, name)))
      found.add(path.slice(dir.length + 1), readFileSync(path, 'latin1'));
  }
}

t.test('no secret leaves the program, but to the handler that declares it', async (t) => {
  const folder = folderFor(t, {
    'thread.mjs': nosy('nosy-thread', 'cpu'),
    'io.mjs': nosy('nosy-io', 'io'),
    'process.mjs': nosy('nosy-process', 'process'),
    'nosy-program.sh': PROGRAM,
    'entitled.mjs': ENTITLED,
  });
  chmodSync(join(folder.dir, 'handlers', 'nosy-program.sh'), 0o755);
  writeFileSync(join(folder.dir, 'nightshift.env'), fileText('first'), { mode: 0o600 });
  const settings = Object.fromEntries([...IN_ENVIRONMENT].map((key) => [key, secretOf(key)]));
  const supervisor = await startOn(t, folder, {
    settings: { ...settings, WEB_TOKN: 'needle-stray-of-the-environment' },
  });
  const heard = listen(t, supervisor);
  const found = new Found();
  await runAll(t, supervisor, found);

  t.same((await edit(supervisor, fileText('second'))).problems, []);
  const { body: entitled } = await supervisor.callAsOwner<{ task: TaskView }>('POST', '/tasks', { type: 'entitled' });
  const told = await eventually('it to end', async () => {
    const { body } = await supervisor.callAsOwner<{ task: TaskView }>('GET', `/tasks/${entitled.task.id}`);
    return body.task.state === 'succeeded' ? body.task : null;
  });
  t.same(told.result, { hash: hashOf(secretOf(DECLARED, 'second')), keys: [DECLARED] });

  const mistakes = [
    'WEB_TOKEN="needle-with two words"',
    'WEB_TOKEN needle-without-a-sign',
    'OBJECT_SECRET_KEY="needle-without-an-end',
    'HANDLER_DB_PASSWORD=needle-cut#short',
    'WEB_READ_TOKEN=needle-said-twice\nWEB_READ_TOKEN=needle-said-twice',
    `WEB_READ_TOKEN=needle-short\nWEB_TOKEN=needle-both`,
  ];
  for (const mistake of mistakes) {
    const { problems } = await edit(supervisor, fileText('third', mistake));
    t.not(problems.length, 0, mistake);
    await askAll(supervisor, found);
  }
  await askByCommand(supervisor, found);
  t.same(
    (await edit(supervisor, fileText('third', 'web_token=needle-misspelled\nWEB_TOKN=needle-misspelled'))).problems,
    [],
  );
  const changes = { WORKERS: '3', WEB_TOKEN: 'needle-where-it-is-refused' };
  const refused = await supervisor.callAsOwner('PUT', '/settings', { changes });
  t.equal(refused.status, 403);
  found.add('a refusal', JSON.stringify(refused.body));
  const changed = await supervisor.callAsOwner('PUT', '/settings', { changes: { WORKERS: '3' } });
  t.equal(changed.status, 200);
  found.add('a change', JSON.stringify(changed.body));
  await runAll(t, supervisor, found);
  await askAll(supervisor, found);
  await askByCommand(supervisor, found);
  found.add('the events', heard());
  t.match(heard(), 'settings.changed');
  t.ok(
    supervisor.logged().some(({ level }) => Number(level) <= 20),
    'its log says all it can',
  );
  searchFiles(folder.dir, found);
  t.equal((await supervisor.stop()).code, 0);
  found.add('the log', supervisor.output);
  searchFiles(folder.dir, found);
  t.ok(existsSync(join(folder.dir, 'journal')));
  t.same(found.leaks(['needle-', tokenOf(supervisor)]), []);
  for (const name of ['nightshift.env', 'revisions.json', 'token'])
    t.equal((statSync(join(folder.dir, name)).mode & 0o777).toString(8), '600', name);
  t.match(
    readFileSync(join(folder.dir, 'revisions.json'), 'utf8'),
    'needle-second',
    'and the search would have found them',
  );
});
