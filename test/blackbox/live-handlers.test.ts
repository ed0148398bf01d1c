/** Handlers that are dropped in, changed, spoiled and taken away while the program runs, as their owner does it: by files. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { HealthItem, StatusView } from '../../supervisor/facade.ts';
import type { HandlerDescription, HandlerFailure } from '../../workers/contract.ts';
import { startFor, startOn } from '../helpers/supervised.ts';
import { eventually, type SupervisorProcess } from '../helpers/supervisor-process.ts';

const tells = (value: string, type = 'tells', more = '') =>
  `export default { type: '${type}', ${more} run: () => '${value}' };\n`;
/** Runs until the file `go` is there, then says which version it is. */
const waits = (value: string, more = '') => `
import { existsSync, appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
export default { type: 'waits', ${more}
  async run({ go, begun }) {
    appendFileSync(begun, '${value} ');
    while (!existsSync(go)) await wait(10);
    return '${value}';
  } };
`;

function drop(supervisor: SupervisorProcess, name: string, source: string): void {
  const file = join(supervisor.folder.dir, 'handlers', name);
  writeFileSync(`${file}.tmp`, source);
  renameSync(`${file}.tmp`, file);
}

interface HandlersAnswer {
  readonly items: readonly HandlerDescription[];
  readonly failures: readonly HandlerFailure[];
}

const handlers = async (supervisor: SupervisorProcess) =>
  (await supervisor.call<HandlersAnswer>('GET', '/handlers')).body;
const health = async (supervisor: SupervisorProcess) =>
  (await supervisor.call<StatusView>('GET', '/status')).body.health;

function served(supervisor: SupervisorProcess, type: string, not: string | null = null): Promise<HandlerDescription> {
  return eventually(`a new version of ${type}`, async () => {
    const { items } = await handlers(supervisor);
    return items.find((one) => one.type === type && one.version !== not) ?? null;
  });
}

function refused(supervisor: SupervisorProcess, name: string, message: RegExp): Promise<HandlerFailure> {
  return eventually(`${name} to be refused with ${message}`, async () => {
    const { failures } = await handlers(supervisor);
    return failures.find((one) => one.file.endsWith(`/${name}`) && message.test(one.message)) ?? null;
  });
}

function untilHealth(
  supervisor: SupervisorProcess,
  wanted: (items: readonly HealthItem[]) => boolean,
): Promise<boolean> {
  return eventually('health', async () => (wanted(await health(supervisor)) ? true : null));
}

async function resultOf(supervisor: SupervisorProcess, type: string): Promise<unknown> {
  const { id } = await supervisor.add({ type });
  return (await supervisor.until(id, 'succeeded', 'failed')).result;
}

const isGone = (supervisor: SupervisorProcess) =>
  supervisor.logged().some(({ msg }) => msg === 'handler tells.mjs is gone: tasks of type tells wait');

t.test('a handler that arrives lets what waits run; taken away, its tasks wait and do not fail', async (t) => {
  const supervisor = await startFor(t);
  t.equal((await supervisor.call('POST', '/tasks', { type: 'tells' })).status, 422);
  writeFileSync(join(supervisor.folder.dir, 'inbox', 'early.json'), '{ "type": "tells" }');
  await untilHealth(supervisor, (items) => items.some(({ code }) => code === 'no-handler:tells'));
  drop(supervisor, 'tells.mjs', tells('first'));
  const [early] = await eventually('the early task', async () => {
    const tasks = await supervisor.tasks('&type=tells');
    return tasks[0]?.state === 'succeeded' ? tasks : null;
  });
  t.equal(early?.result, 'first');
  t.same(await health(supervisor), []);

  const later = await supervisor.add({ type: 'tells', delay: '1h' });
  rmSync(join(supervisor.folder.dir, 'handlers', 'tells.mjs'));
  await eventually('the handler to be gone', () => (isGone(supervisor) ? true : null));
  t.equal((await supervisor.call('POST', `/tasks/${later.id}/promote`)).status, 200);
  const waiting = await eventually('it to wait', async () => {
    const task = await supervisor.task(later.id);
    return task.state === 'queued' ? task : null;
  });
  t.match(waiting, { waiting: { reason: 'no-handler' }, attempts: [] });
  t.equal((await supervisor.call('POST', '/tasks', { type: 'tells' })).status, 422);
  drop(supervisor, 'tells.mjs', tells('second'));
  t.equal((await supervisor.until(later.id, 'succeeded')).result, 'second');
  const said = supervisor.logged().map(({ msg }) => String(msg));
  t.ok(said.some((msg) => /^handler tells\.mjs serves tells, version [0-9a-f]{12}$/.test(msg)));
});

t.test(
  'what runs finishes with the version it began with, what begins takes the new one, history names both',
  async (t) => {
    for (const lane of ['cpu', 'io']) {
      const more = `lane: '${lane}',`;
      const supervisor = await startFor(t, { 'waits.mjs': waits('one', more) }, { settings: { WORKERS: '2' } });
      const old = await served(supervisor, 'waits');
      const file = (name: string) => join(supervisor.folder.dir, '..', name);
      const add = (go: string) => supervisor.add({ type: 'waits', params: { go: file(go), begun: file('begun') } });
      const first = await add('go-first');
      await supervisor.until(first.id, 'running');
      drop(supervisor, 'waits.mjs', waits('two', more));
      const now = await served(supervisor, 'waits', old.version);
      const second = await add('go-second');
      writeFileSync(file('go-second'), '');
      t.match(await supervisor.until(second.id, 'succeeded'), {
        result: 'two',
        attempts: [{ handlerVersion: now.version }],
      });
      t.equal((await supervisor.task(first.id)).state, 'running', 'its thread is pinned, the others are not');
      writeFileSync(file('go-first'), '');
      t.match(await supervisor.until(first.id, 'succeeded'), {
        result: 'one',
        attempts: [{ handlerVersion: old.version }],
      });
    }
  },
);

t.test(
  'a file that a handler imports counts as well, ES module or CommonJS, or a package that was missing',
  async (t) => {
    const supervisor = await startFor(t);
    const lib = join(supervisor.folder.dir, 'handlers', 'lib');
    mkdirSync(lib);
    const write = (value: string) => {
      writeFileSync(join(lib, 'value.mjs'), `export const value = '${value}';`);
      writeFileSync(join(lib, 'value.cjs'), `exports.value = '${value}';`);
    };
    write('first');
    drop(
      supervisor,
      'esm.mjs',
      `import { value } from './lib/value.mjs'; export default { type: 'esm', run: () => value };`,
    );
    drop(
      supervisor,
      'common.cjs',
      `const { value } = require('./lib/value.cjs'); module.exports = { type: 'common', run: () => value };`,
    );
    const old = { esm: await served(supervisor, 'esm'), common: await served(supervisor, 'common') };
    for (const type of ['esm', 'common']) t.equal(await resultOf(supervisor, type), 'first');
    write('second');
    for (const type of ['esm', 'common'] as const) {
      await served(supervisor, type, old[type].version);
      t.equal(await resultOf(supervisor, type), 'second');
    }
    writeFileSync(join(lib, 'value.mjs'), 'export const value = (');
    await refused(supervisor, 'esm.mjs', /SyntaxError/);
    t.equal(await resultOf(supervisor, 'esm'), 'second');
    rmSync(lib, { recursive: true });
    await refused(supervisor, 'common.cjs', /Cannot find module/);
    t.equal(await resultOf(supervisor, 'common'), 'second');
    mkdirSync(lib);
    write('third');
    await eventually('both to be right', async () =>
      (await handlers(supervisor)).failures.length === 0 ? true : null,
    );
    for (const type of ['esm', 'common']) t.equal(await resultOf(supervisor, type), 'third');

    drop(supervisor, 'needs.mjs', `import { value } from 'late'; export default { type: 'needs', run: () => value };`);
    await refused(supervisor, 'needs.mjs', /Cannot find package 'late' imported from \S+\/handlers\/needs\.mjs/);
    const late = join(supervisor.folder.dir, 'handlers', 'node_modules', 'late');
    mkdirSync(join(late, '..', '.new'), { recursive: true });
    writeFileSync(join(late, '..', '.new', 'package.json'), '{ "type": "module", "exports": "./i.js" }');
    writeFileSync(join(late, '..', '.new', 'i.js'), `export const value = 'installed';`);
    renameSync(join(late, '..', '.new'), late);
    await served(supervisor, 'needs');
    t.equal(await resultOf(supervisor, 'needs'), 'installed', 'a package that was missing may come');
  },
);

t.test(
  'a broken file is quarantined with its mistake, and the version before serves, also after a restart',
  async (t) => {
    const supervisor = await startFor(t, { 'tells.mjs': tells('good'), 'other.mjs': tells('other', 'other') });
    const good = await served(supervisor, 'tells');
    const rows: Record<string, [source: string, message: RegExp]> = {
      'half-written': [tells('new').slice(0, 30), /SyntaxError in line 1/],
      'exports nothing': ['export const x = 1;', /exports no handler/],
      'throws while loading': ['throw new Error("no database")', /no database/],
      'loops while loading': ['for (;;);', /did not finish loading within 10 s/],
      'imports a missing package': [`import 'no-such-package'; ${tells('new')}`, /no-such-package/],
      'has the type of another': [tells('new', 'other'), /has the type "other", as has \/.*\/handlers\/other\.mjs/],
      'ends the process': ['process.kill(process.pid, "SIGKILL")', /was ended by SIGKILL/],
    };
    for (const [name, [source, message]] of Object.entries(rows)) {
      drop(supervisor, 'tells.mjs', source);
      const failure = await refused(supervisor, 'tells.mjs', message);
      t.match(failure, { serving: good.version }, name);
      t.notMatch(failure.message, '/served/', 'it speaks of the file, not of a copy');
      t.equal(await resultOf(supervisor, 'tells'), 'good', name);
    }
    const [item] = (await health(supervisor)).filter(({ code }) => code.startsWith('handler:'));
    t.match(item, {
      severity: 'error',
      message: /SIGKILL.*goes on in version/,
      action: /taken as soon as it is right/,
    });
    t.ok(supervisor.logged().some(({ msg }) => /is not taken: version \w+ goes on serving tells/.test(String(msg))));

    drop(supervisor, 'tells.mjs', 'still broken (');
    await refused(supervisor, 'tells.mjs', /SyntaxError/);
    await supervisor.kill();
    const next = await startOn(t, supervisor.folder);
    t.match((await handlers(next)).failures, [{ serving: good.version }]);
    t.equal(await resultOf(next, 'tells'), 'good');
    drop(next, 'tells.mjs', tells('better'));
    await untilHealth(next, (items) => items.length === 0);
    t.equal(await resultOf(next, 'tells'), 'better');
    const copies = readdirSync(join(next.folder.dir, 'served')).filter((name) => name.startsWith('tells.mjs@'));
    t.ok(copies.length <= 2, 'copies that nothing needs are removed');
  },
);

t.test('a built-in type is taken only where HANDLER_OVERRIDES says so, and then at once', async (t) => {
  const supervisor = await startFor(t, { 'mine.mjs': tells('mine', 'echo') });
  await refused(supervisor, 'mine.mjs', /has the type "echo", as has \/.*echo\.js: .*HANDLER_OVERRIDES/);
  const env = join(supervisor.folder.dir, 'nightshift.env');
  writeFileSync(env, 'HANDLER_OVERRIDES=echo\n');
  await eventually('mine', async () => ((await resultOf(supervisor, 'echo')) === 'mine' ? true : null));
  t.same((await handlers(supervisor)).failures, []);
  writeFileSync(env, '');
  await refused(supervisor, 'mine.mjs', /has the type "echo"/);
});

t.test('what changed is an event, and the folder may be made again', async (t) => {
  const supervisor = await startFor(t, { 'tells.mjs': tells('first') });
  const abort = new AbortController();
  const stream = await fetch(`${supervisor.url}/api/v1/events`, { signal: abort.signal });
  const folder = join(supervisor.folder.dir, 'handlers');
  renameSync(folder, `${folder}.old`);
  await eventually('none', async () =>
    (await handlers(supervisor)).items.every(({ builtIn }) => builtIn) ? true : null,
  );
  mkdirSync(folder, { mode: 0o700 });
  drop(supervisor, 'tells.mjs', tells('second'));
  await served(supervisor, 'tells');
  t.equal(await resultOf(supervisor, 'tells'), 'second');
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (/event: handlers\.changed\ndata: .*"what":"added"/.test(text) || /handlers\.changed[\s\S]*"added"/.test(text))
      break;
  }
  abort.abort();
  t.match(text, /"file":"tells\.mjs","what":"removed","type":"tells"/);
});

const strips = 'typescript' in process.features && Boolean(process.features.typescript);

t.test('TypeScript is taken where Node leaves its types out, else the file says what to do', async (t) => {
  const source = `import { defineHandler, type HandlerContext } from 'nightshift/handler';
import { double } from './lib/double.ts';
export default defineHandler({ type: 'typed', run: (params: { n: number }, _ctx: HandlerContext) => double(params.n) });`;
  const supervisor = await startFor(t);
  const lib = join(supervisor.folder.dir, 'handlers', 'lib');
  mkdirSync(lib);
  writeFileSync(join(lib, 'double.ts'), 'export const double = (n: number): number => 2 * n;');
  drop(supervisor, 'types.d.ts', 'export {};');
  drop(supervisor, 'typed.ts', source);
  if (!strips) {
    await refused(supervisor, 'typed.ts', /is TypeScript, which Node v\S+ does not load: run .* Node 22\.18 or later/);
    return;
  }
  await served(supervisor, 'typed');
  const { id } = await supervisor.add({ type: 'typed', params: { n: 21 } });
  t.equal((await supervisor.until(id, 'succeeded')).result, 42);
  t.same((await handlers(supervisor)).failures, []);
});

/** Text it must be; asked anywhere but in a worker thread, `loop` never comes back. */
const CHECKED = `
import { isMainThread } from 'node:worker_threads';
const validate = (value) => {
  if (value.loop && isMainThread) for (;;);
  return typeof value.url === 'string' ? { value } : { issues: [{ message: 'must be text', path: ['url'] }] };
};
export default {
  type: 'checked',
  params: { '~standard': { version: 1, vendor: 'own', validate } },
  run: ({ url }) => url,
};
`;

t.test(
  'params that a schema refuses are refused with the task, and fail the same way when the handler comes later',
  async (t) => {
    const supervisor = await startFor(t);
    const inbox = (name: string, text: string) => writeFileSync(join(supervisor.folder.dir, 'inbox', name), text);
    inbox('early.json', '{ "type": "checked", "params": { "url": 5 } }');
    await untilHealth(supervisor, (items) => items.some(({ code }) => code === 'no-handler:checked'));
    drop(supervisor, 'checked.mjs', CHECKED);
    await served(supervisor, 'checked');
    const [early] = await eventually('the early one to fail', async () => {
      const tasks = await supervisor.tasks('&type=checked');
      return tasks[0]?.state === 'failed' ? tasks : null;
    });
    const said = '$.params.url: must be text';
    t.match(early, { error: { code: 'validation', message: said }, attempts: [{ number: 1 }] });
    t.equal(early?.attempts.length, 1, 'for good');

    const post = (body: unknown) => supervisor.call<{ detail: string; errors: unknown }>('POST', '/tasks', body);
    const good = { type: 'checked', params: { url: 'x' } };
    const one = await post({ type: 'checked', params: {} });
    t.match(one, {
      status: 400,
      body: { code: 'validation', detail: said, errors: [{ path: '$.params.url', message: 'must be text' }] },
    });
    const list = await post([good, { type: 'echo', params: {} }, { type: 'checked', params: { url: 1 } }]);
    t.match(list, { status: 400, body: { errors: [{ path: '$[2].params.url', message: 'must be text' }] } });
    t.equal((await post([good, good])).status, 201);
    inbox(
      'wrong.json',
      '[\n{ "type": "checked", "params": { "url": "x" } },\n{ "type": "checked", "params": { "url": 5 } }\n]',
    );
    const place = join(supervisor.folder.dir, 'rejected', 'wrong.json');
    // The file comes last, when its mistakes are written.
    await eventually('it to be rejected', () => (existsSync(place) ? true : null));
    const rejected = readFileSync(`${place}.error.json`, 'utf8');
    t.match(JSON.parse(rejected), {
      mistakes: [{ code: 'validation', path: '$[1].params.url', line: 3, message: 'must be text' }],
    });
    t.equal((await supervisor.tasks('&type=checked')).length, 3, 'nothing of it was accepted');

    const looping = await supervisor.add({ type: 'checked', params: { url: 'y', loop: true } });
    t.equal(
      (await supervisor.until(looping.id, 'succeeded')).result,
      'y',
      'a schema that gives no answer keeps nobody out',
    );
    t.ok(
      supervisor
        .logged()
        .some(({ msg }) => /accepted unchecked: its schema gave no answer within 5 s/.test(String(msg))),
    );
  },
);
