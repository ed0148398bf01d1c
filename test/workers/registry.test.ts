import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { describeHandlers as describeIn } from '../../supervisor/catalog.ts';
import { builtInHandlers } from '../../workers/built-in.ts';
import type { HandlerCatalog } from '../../workers/contract.ts';
import { Permanent, RetryAfter } from '../../workers/define.ts';
import { describeFile } from '../../workers/describe-files.ts';
import { durationMs } from '../../workers/duration.ts';
import { versionOf } from '../../workers/load.ts';
import { failed } from '../../workers/outcome.ts';
import { droppedInFiles } from '../../workers/registry.ts';
import { handlerOf } from '../../workers/shape.ts';

// What tap preloads into every process would make each of them cost a second.
process.env['NODE_OPTIONS'] = '';
process.execArgv.length = 0;

const servedDir = mkdtempSync(join(tmpdir(), 'nightshift-served-'));
t.teardown(() => rmSync(servedDir, { recursive: true, force: true }));
const describeHandlers = (handlersDir: string, limits: { loadMsMax?: number } = {}) =>
  describeIn({ handlersDir, servedDir, ...limits });
const failureOf = (answer: HandlerCatalog, name: string) =>
  answer.failures.find((failure) => failure.file.endsWith(`/${name}`))?.message;
const typesOf = (answer: HandlerCatalog) => answer.handlers.map((handler) => handler.type).sort();
const stripsTypes = 'typescript' in process.features && Boolean(process.features.typescript);
const builtIn = [
  'backup.create',
  'backup.paths',
  'command.run',
  'echo',
  'history.cleanup',
  'http.download',
  'http.request',
  'library.catalog',
  'library.collect',
  'library.complete',
  'library.discover',
  'library.download',
  'library.metadata',
  'library.scan',
  'library.sync',
  'library.tag',
  'library.upload',
  'logs.cleanup',
  'store.cleanup',
];
const good = (type: string) => `export default { type: '${type}', run: () => 1 }`;

t.test('every handler is told, built-in ones and dropped-in ones', async (t) => {
  const handlersDir = t.testdir({
    'mine.mjs':
      "export default { type: 'mine', lane: 'io', timeout: '5m', maxAttempts: 4, concurrency: 2, settings: ['HANDLER_KEY'], run() {} }",
  });
  const answer = await describeHandlers(handlersDir);
  t.same(answer.failures, []);
  t.same(typesOf(answer), [...builtIn, 'mine'].sort());
  t.match(
    answer.handlers.find((handler) => handler.type === 'mine'),
    {
      lane: 'io',
      timeoutMs: 300_000,
      maxAttempts: 4,
      concurrency: 2,
      settings: ['HANDLER_KEY'],
      file: join(handlersDir, 'mine.mjs'),
      version: /^[0-9a-f]{12}$/,
      builtIn: false,
    },
  );
  t.ok(answer.handlers.filter((handler) => handler.type !== 'mine').every((handler) => handler.builtIn));
  t.match(
    answer.handlers.find((handler) => handler.type === 'http.download'),
    { lane: 'io', settings: ['LIBRARY_DIR', 'ALLOW_PRIVATE_ADDRESSES'] },
  );
});

t.test('what the build wrote down of the built-in handlers is what they are', async (t) => {
  const handlers = await builtInHandlers();
  t.same(handlers.map(({ type }) => type).sort(), builtIn);
  for (const { file, url, version, builtIn, ...shape } of handlers) {
    t.same(await describeFile(url), { shape });
    t.equal(versionOf(readFileSync(file)), version);
  }
});

t.test('a folder without handlers costs no process', async (t) => {
  const handlersDir = t.testdir({ 'notes.md': 'left alone', '.hidden.mjs': 'throw 1' });
  const limits = { loadMsMax: 0, signal: AbortSignal.abort() };
  t.same(typesOf(await describeIn({ handlersDir, servedDir, ...limits })), builtIn, 'a process would have been ended');
});

t.test('a file that takes the whole process along fails alone, and is named', async (t) => {
  const kill = "process.kill(process.pid, 'SIGKILL')";
  const folder = t.testdir({
    'a-good.mjs': good('a'),
    'b-kills.mjs': kill,
    'c-good.mjs': good('c'),
    // It has been told by the time the next file is loaded, in the same thread.
    'd-kills-later.mjs': `${good('d')}; setInterval(() => { if (globalThis.laterIsNow) ${kill}; }, 1)`,
    'e-waits.mjs': `globalThis.laterIsNow = true; await new Promise((resolve) => setTimeout(resolve, 500)); ${good('e')}`,
    'f-good.mjs': good('f'),
    'g-memory.mjs': 'const held = []; for (;;) held.push(new Array(100_000).fill(held.length))',
    'h-good.mjs': good('h'),
  });
  // On a busy machine it takes its time to run out of memory.
  const answer = await describeHandlers(folder, { loadMsMax: 50_000 });
  t.same(typesOf(answer), [...'acdef', ...builtIn, 'h'].sort(), 'everything else serves');
  t.match(failureOf(answer, 'b-kills.mjs'), /was loading when .* was ended by SIGKILL/);
  t.match(failureOf(answer, 'g-memory.mjs'), /memory/i);
  t.equal(answer.failures.length, 2, 'and nobody is blamed for what another file did');
});

t.test('too many files that end the process do not keep the start from its end', async (t) => {
  const names = Array.from({ length: 12 }, (_, number) => `k${String(number).padStart(2, '0')}.mjs`);
  const folder = t.testdir(Object.fromEntries(names.map((name) => [name, "process.kill(process.pid, 'SIGKILL')"])));
  const answer = await describeHandlers(folder);
  t.same(typesOf(answer), builtIn);
  t.match(failureOf(answer, 'k09.mjs'), /was ended by SIGKILL/);
  t.match(failureOf(answer, 'k10.mjs'), /was not looked at: .* correct those first/);
  t.equal(answer.failures.length, 12, 'each is named');
});

t.test('many files cost one process and one thread', async (t) => {
  const source = (number: number) =>
    `import { threadId } from 'node:worker_threads';
     export default { type: ['x', process.pid, threadId, ${number}].join('/'), run() {} };`;
  const names = Array.from({ length: 300 }, (_, number) => number);
  const folder = t.testdir(Object.fromEntries(names.map((number) => [`${number}.mjs`, source(number)])));
  const types = typesOf(await describeHandlers(folder)).filter((type) => type.startsWith('x/'));
  t.equal(types.length, 300);
  t.equal(new Set(types.map((type) => type.split('/').slice(0, 3).join('/'))).size, 1);
});

t.test('a file that cannot be used fails alone, and says why', async (t) => {
  const folder = t.testdir({
    'good.js': good('good'),
    'common.cjs': "module.exports = { type: 'common', run: () => 1 }",
    'compiled.cjs':
      "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { type: 'compiled', run: () => 1 }",
    'syntax.mjs': 'export default {\n  type: "x",\n  run: ( => 1\n}',
    'throws.mjs': 'throw new Error("no database")',
    'throws.cjs': 'const x = 1;\nx();',
    'throws-text.mjs': 'throw "just text"',
    'hangs.mjs': 'await new Promise(() => {})',
    'loops.mjs': 'for (;;);',
    'exits.mjs': 'process.exit(7)',
    'nothing.mjs': 'export const x = 1',
    'function.mjs': 'export default () => 1',
    'shape.mjs':
      "export default { type: 'has space', run: 5, lane: 'gpu', timeout: 'soon', maxAttempts: 0, params: {}, settings: 'X', retries: 3 }",
    'require.cjs': "require('@no/such/deep')",
    'import.mjs': "import 'no-such-package'; export default {}",
    'typed.ts': 'export default { type: "typed" as string, run: (n: number) => n }',
    'notes.md': 'left alone',
    'data.json': '{}',
    '.hidden.mjs': 'throw 1',
    'backup.mjs~': 'throw 1',
    library: { 'deep.mjs': 'throw 1' },
    'link-target': 'x',
  });
  writeFileSync(join(folder, 'writable.mjs'), good('writable'));
  chmodSync(join(folder, 'writable.mjs'), 0o666);
  symlinkSync(join(folder, 'good.js'), join(folder, 'linked.mjs'));
  const answer = await describeHandlers(folder, { loadMsMax: 8_000 });
  t.same(
    typesOf(answer).filter((type) => !/^(backup|history|http|command|echo|library|logs|store|typed)/.test(type)),
    ['common', 'compiled', 'good'],
  );
  const expected: Record<string, RegExp> = {
    'syntax.mjs': /SyntaxError in line 3/,
    'throws.mjs': /^threw in line 1 while loading: Error: no database$/,
    'throws.cjs': /^threw in line 2 while loading: TypeError: x is not a function$/,
    'throws-text.mjs': /threw just text while loading/,
    'hangs.mjs': /did not finish loading within 8 s/,
    'loops.mjs': /did not finish loading within 5 s/,
    'exits.mjs': /ended its thread while loading, with exit code 7/,
    'nothing.mjs': /^exports no handler/,
    'function.mjs': /default export is a function/,
    'shape.mjs':
      /^"type" must be a name.*"run" must be a function.*"params" must be a Standard Schema.*"timeout".*"maxAttempts".*"lane" must be one of cpu, io, process, not "gpu".*"settings".*"retries" is not a member/s,
    'import.mjs': /Cannot find package 'no-such-package'.*; install it: npm install --prefix \S+ no-such-package$/,
    'require.cjs': /^Cannot find module '@no\/such\/deep'; install it: npm install --prefix \S+ @no\/such$/,
    ...(!stripsTypes && { 'typed.ts': /is TypeScript, which Node v\S+ does not load: .*Node 22\.18 or later/ }),
    'writable.mjs': /can be written by others \(mode 666\).*chmod go-w/,
    'linked.mjs': /symbolic link/,
  };
  for (const [name, message] of Object.entries(expected)) t.match(failureOf(answer, name), message, name);
  t.equal(answer.failures.length, Object.keys(expected).length, 'and nothing else is complained of');
});

t.test('programs are handlers as well; one that could not run says why', async (t) => {
  const folder = t.testdir({ 'both.js': `#!/usr/bin/env node\n${good('module.wins')}`, 'data.csv': 'a,b' });
  const put = (name: string, content: string | Buffer, mode = 0o755) => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
  };
  const script =
    '#!/bin/sh\n# nightshift-settings: HANDLER_KEY, LIBRARY_DIR\n#  nightshift-settings: HANDLER_OTHER\nexit 0\n';
  put('thumbnail.make.sh', script);
  put('plain', '#! /bin/sh\n');
  put('by-name.py', '#!/usr/bin/env -S sh -e\n');
  put('machine.code', Buffer.from('\x7fELF\x02\x01', 'latin1'));
  chmodSync(join(folder, 'both.js'), 0o755);
  put('library.py', 'import os\n', 0o644);
  put('readme.md', '#!/bin/sh\n');
  const bad: Record<string, [string, RegExp, number?]> = {
    'no-run-bit.sh': ['#!/bin/sh\n', /begins with #! but has no run bit.*chmod u\+x/, 0o644],
    'anything.sh': ['echo hello\n', /has the run bit, but begins neither with #! nor with an ELF header/],
    'empty.sh': ['', /begins neither/],
    'windows.sh': ['#!/bin/sh\r\necho\r\n', /Windows line ends/],
    'nowhere.sh': ['#!/nowhere/at/all\n', /needs the interpreter \/nowhere\/at\/all, which is not there/],
    'no-env.sh': [
      '#!/usr/bin/env no-such-language\n',
      /needs the interpreter no-such-language, which is not in the PATH/,
    ],
    'relative.sh': ['#!sh\n', /names no interpreter by its whole path/],
    'has space.sh': ['#!/bin/sh\n', /has a name that is no type: "has space"/],
    'settings.sh': [
      '#!/bin/sh\n# nightshift-settings: key\n',
      /declares the setting "key" .* expected HANDLER_API_KEY/,
    ],
    'writable.sh': ['#!/bin/sh\n', /can be written by others \(mode 777\)/, 0o777],
    'by-group.sh': ['#!/bin/sh\n', /can be written by others \(mode 775\).*chmod go-w/, 0o775],
    'by-world.sh': ['#!/bin/sh\n', /can be written by others \(mode 757\).*chmod go-w/, 0o757],
  };
  for (const [name, [content, , mode]] of Object.entries(bad)) put(name, content, mode);
  const answer = await describeHandlers(folder);
  t.same(typesOf(answer), [...builtIn, 'by-name', 'machine.code', 'module.wins', 'plain', 'thumbnail.make'].sort());
  t.match(
    answer.handlers.find(({ type }) => type === 'thumbnail.make'),
    {
      lane: 'process',
      settings: ['HANDLER_KEY', 'LIBRARY_DIR', 'HANDLER_OTHER'],
      url: /^program:\/\/\//,
      version: versionOf(Buffer.from(script)),
      builtIn: false,
    },
  );
  for (const [name, [, message]] of Object.entries(bad)) t.match(failureOf(answer, name), message, name);
  t.equal(answer.failures.length, Object.keys(bad).length, 'and nothing else is complained of');
});

t.test('a folder that is missing holds no handlers; a version follows the content', async (t) => {
  const folder = t.testdir({
    one: { 'v.mjs': good('v') },
    two: { 'v.mjs': good('v') },
    three: { 'v.mjs': `${good('v')}\n` },
  });
  t.same(await droppedInFiles(join(folder, 'missing')), { files: [], failures: [] });
  const [one, two, three] = await Promise.all(
    ['one', 'two', 'three'].map((name) => droppedInFiles(join(folder, name))),
  );
  t.equal(one?.files[0]?.version, two?.files[0]?.version);
  t.not(one?.files[0]?.version, three?.files[0]?.version);
});

t.test('errors say what they mean also when another copy of the module made them', (t) => {
  const marked = (mark: string, value: unknown) => Object.assign(new Error('x'), { [Symbol.for(mark)]: value });
  t.match(failed(marked('nightshift.permanent', true)), { retryable: false });
  t.match(failed(marked('nightshift.retry-after', 5_000)), { retryable: true, retryAfterMs: 5_000 });
  t.match(failed(new Permanent('x', { code: 'c', cause: new Error('why') })), {
    retryable: false,
    error: { code: 'c', message: 'x: why' },
  });
  t.match(failed(new RetryAfter(1_500)), { retryAfterMs: 1_500, error: { message: 'to be tried again in 1500' } });
  t.equal(failed(new RetryAfter(new Date(Date.now() - 1_000))).retryAfterMs, 0);
  t.equal(failed(new RetryAfter(1_500)).backoffHolds, undefined, 'a handler chooses the moment');
  t.match(failed(new RetryAfter(1_500, 'x', { backoffHolds: true })), { retryAfterMs: 1_500, backoffHolds: true });
  t.throws(() => new RetryAfter('soon'), /needs a duration such as "10m"/);
  t.match(failed(new AggregateError([new Error('a'), new Error('b')])), { error: { message: 'a, b' } });
  t.equal(failed(new Error('x'.repeat(10_000))).error?.message.length, 4_096);
  t.match(failed(Object.assign(new Error('x'), { code: 42 })), { error: { code: 'handler_error' } });
  t.end();
});

t.test('durations and shapes', (t) => {
  const rows: [string, number | null][] = [
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5h', 5_400_000],
    ['2d', 172_800_000],
    ['PT10M', 600_000],
    ['P1DT1H', 90_000_000],
    ['', null],
    ['P', null],
    ['10', null],
    ['-1s', null],
  ];
  for (const [text, ms] of rows) t.equal(durationMs(text), ms, text);
  const run = () => 1;
  t.equal(handlerOf({ handler: { type: 'named', run } }).type, 'named');
  t.throws(() => handlerOf({ default: { type: 'x'.repeat(201), run } }), /"type" must be a name/);
  t.throws(() => handlerOf({ default: null }), /default export is null|exports no handler/);
  t.end();
});
