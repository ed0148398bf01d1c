import { fork } from 'node:child_process';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { HandlerCatalog, HandlerDescription } from '../../workers/contract.ts';
import { Permanent, RetryAfter } from '../../workers/define.ts';
import { catalog } from '../../workers/describe.ts';
import { durationMs } from '../../workers/duration.ts';
import { failed } from '../../workers/outcome.ts';
import { droppedInFiles, withoutClashes } from '../../workers/registry.ts';
import { handlerOf } from '../../workers/shape.ts';

const failureOf = (answer: HandlerCatalog, name: string) =>
  answer.failures.find((failure) => failure.file.endsWith(`/${name}`))?.message;
const typesOf = (answer: HandlerCatalog) => answer.handlers.map((handler) => handler.type).sort();
const good = (type: string) => `export default { type: '${type}', run: () => 1 }`;

t.test('the throwaway process tells every handler, and ends', async (t) => {
  const handlersDir = t.testdir({
    'mine.mjs':
      "export default { type: 'mine', lane: 'io', timeout: '5m', maxAttempts: 4, concurrency: 2, settings: ['HANDLER_KEY'], run() {} }",
  });
  const child = fork(fileURLToPath(new URL('../../workers/describe.js', import.meta.url)), [handlersDir]);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const answer = await new Promise<HandlerCatalog>((resolve) =>
    child.once('message', (said) => resolve(said as HandlerCatalog)),
  );
  t.same(answer.failures, []);
  t.same(typesOf(answer), ['command.run', 'echo', 'http.download', 'http.request', 'mine']);
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
  t.equal(await ended, 0);
});

t.test('a file that cannot be used fails alone, and says why', async (t) => {
  const folder = t.testdir({
    'good.js': good('good'),
    'common.cjs': "module.exports = { type: 'common', run: () => 1 }",
    'compiled.cjs':
      "Object.defineProperty(exports, '__esModule', { value: true }); exports.default = { type: 'compiled', run: () => 1 }",
    'syntax.mjs': 'export default {\n  type: "x",\n  run: ( => 1\n}',
    'throws.mjs': 'throw new Error("no database")',
    'throws-text.mjs': 'throw "just text"',
    'hangs.mjs': 'await new Promise(() => {})',
    'loops.mjs': 'for (;;);',
    'exits.mjs': 'process.exit(7)',
    'nothing.mjs': 'export const x = 1',
    'function.mjs': 'export default () => 1',
    'shape.mjs':
      "export default { type: 'has space', run: 5, lane: 'gpu', timeout: 'soon', maxAttempts: 0, params: {}, settings: 'X', retries: 3 }",
    'import.mjs': "import 'no-such-package'; export default {}",
    'typed.ts': 'export default {}',
    'notes.md': 'left alone',
    'data.json': '{}',
    '.hidden.mjs': 'throw 1',
    'backup.mjs~': 'throw 1',
    library: { 'deep.mjs': 'throw 1' },
    'link-target': 'x',
  });
  writeFileSync(join(folder, 'program.py'), '#!/usr/bin/env python3', { mode: 0o755 });
  writeFileSync(join(folder, 'writable.mjs'), good('writable'));
  chmodSync(join(folder, 'writable.mjs'), 0o666);
  symlinkSync(join(folder, 'good.js'), join(folder, 'linked.mjs'));
  const answer = await catalog(folder, 5_000);
  t.same(
    typesOf(answer).filter((type) => !/^(http|command|echo)/.test(type)),
    ['common', 'compiled', 'good'],
  );
  const expected: Record<string, RegExp> = {
    'syntax.mjs': /SyntaxError in line 3/,
    'throws.mjs': /Error: no database/,
    'throws-text.mjs': /threw just text while loading/,
    'hangs.mjs': /did not finish loading within 5 s/,
    'loops.mjs': /did not finish loading within 5 s/,
    'exits.mjs': /ended its thread while loading, with exit code 7/,
    'nothing.mjs': /exports no handler/,
    'function.mjs': /default export is a function/,
    'shape.mjs':
      /"type" must be a name.*"run" must be a function.*"params" must be a Standard Schema.*"timeout".*"maxAttempts".*"lane" must be one of cpu, io, process, not "gpu".*"settings".*"retries" is not a member/s,
    'import.mjs': /no-such-package/,
    'typed.ts': /TypeScript/,
    'program.py': /is a program/,
    'writable.mjs': /can be written by others \(mode 666\).*chmod go-w/,
    'linked.mjs': /symbolic link/,
  };
  for (const [name, message] of Object.entries(expected)) t.match(failureOf(answer, name), message, name);
  t.equal(answer.failures.length, Object.keys(expected).length, 'and nothing else is complained of');
});

t.test('two handlers of one type: the built-in one stays, of two others neither is used', (t) => {
  const handler = (type: string, file: string, builtIn = false): HandlerDescription => ({
    type,
    file,
    builtIn,
    lane: 'cpu',
    timeoutMs: null,
    maxAttempts: null,
    concurrency: null,
    settings: [],
    url: `file://${file}`,
    version: '0',
  });
  const given = [
    handler('same', '/h/a.mjs'),
    handler('same', '/h/b.mjs'),
    handler('echo', '/own/echo.js', true),
    handler('echo', '/h/c.mjs'),
    handler('own', '/h/d.mjs'),
  ];
  const answer = withoutClashes(given);
  t.same(
    answer.handlers.map(({ file }) => file),
    ['/own/echo.js', '/h/d.mjs'],
  );
  t.match(failureOf(answer, 'a.mjs'), /has the type "same", as has \/h\/b\.mjs/);
  t.match(failureOf(answer, 'b.mjs'), /a\.mjs/);
  t.match(failureOf(answer, 'c.mjs'), /echo\.js/);
  t.equal(answer.failures.length, 3);
  t.end();
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
