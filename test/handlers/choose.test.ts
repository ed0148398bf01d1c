import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { handlerChanges, sayChange } from '../../supervisor/handlers/changes.ts';
import { chooseHandlers } from '../../supervisor/handlers/choose.ts';
import { Served } from '../../supervisor/handlers/served.ts';
import type { HandlerDescription, HandlersFound } from '../../workers/contract.ts';

const handler = (type: string, name: string, version = '1'): HandlerDescription => ({
  type,
  file: `/h/${name}.mjs`,
  builtIn: false,
  lane: 'cpu',
  timeoutMs: null,
  maxAttempts: null,
  concurrency: null,
  flag: null,
  settings: [],
  checksParams: false,
  url: `file:///served/${name}.mjs@${version}`,
  version,
});
const echo: HandlerDescription = { ...handler('echo', 'own'), file: '/own/echo.js', builtIn: true };
const found = (handlers: readonly HandlerDescription[], failed: readonly string[] = []): HandlersFound => ({
  handlers,
  failures: failed.map((name) => ({ file: `/h/${name}.mjs`, message: 'is broken', costly: true })),
  imports: [],
  whole: true,
});
const none = new Set<string>();
const served = (before: readonly HandlerDescription[], now: HandlersFound, overrides: ReadonlySet<string> = none) => {
  const { handlers, failures } = chooseHandlers(before, now, overrides);
  return {
    handlers: handlers.map(({ type, file, version }) => `${type} ${file} ${version}`),
    failures: Object.fromEntries(failures.map(({ file, message }) => [file, message])),
  };
};

t.test('two handlers of one type: the built-in one stays, of two others neither is used', (t) => {
  const given = [handler('same', 'a'), handler('same', 'b'), echo, handler('echo', 'c'), handler('own', 'd')];
  const { handlers, failures } = served([], found(given));
  t.same(handlers, ['echo /own/echo.js 1', 'own /h/d.mjs 1']);
  t.match(failures['/h/a.mjs'], /has the type "same", as has \/h\/b\.mjs: give it another$/);
  t.match(failures['/h/b.mjs'], /a\.mjs/);
  t.match(failures['/h/c.mjs'], /as has \/own\/echo\.js: give it another, or list echo in HANDLER_OVERRIDES$/);
  t.equal(Object.keys(failures).length, 3);
  t.end();
});

t.test('HANDLER_OVERRIDES lets a dropped-in handler take a built-in type, but not two of them', (t) => {
  const mine = handler('echo', 'mine');
  t.same(served([], found([echo, mine]), new Set(['echo'])), { handlers: ['echo /h/mine.mjs 1'], failures: {} });
  const both = served([], found([echo, mine, handler('echo', 'other')]), new Set(['echo']));
  t.same(both.handlers, ['echo /own/echo.js 1']);
  t.same(Object.keys(both.failures).sort(), ['/h/mine.mjs', '/h/other.mjs']);
  t.end();
});

t.test('a newcomer does not take the type of one that serves, also when that one is changed or broken', (t) => {
  const old = handler('x', 'old');
  for (const now of [found([old, handler('x', 'new')]), found([handler('x', 'new')], ['old'])]) {
    const { handlers, failures } = served([old], now);
    t.same(handlers, ['x /h/old.mjs 1']);
    t.match(failures['/h/new.mjs'], /as has \/h\/old\.mjs/);
  }
  const { handlers } = served([old], found([handler('x', 'old', '2'), handler('x', 'new')]));
  t.same(handlers, ['x /h/old.mjs 2']);
  t.same(served([old], found([handler('x', 'new')])).handlers, ['x /h/new.mjs 1'], 'unless its file is gone');
  t.end();
});

t.test('the version before goes on where the new one is broken or clashes; not where the file is gone', (t) => {
  const before = [echo, handler('x', 'a'), handler('y', 'b'), handler('z', 'c')];
  const broken = chooseHandlers(before, found([echo, handler('y', 'b', '2')], ['a']), none);
  t.same(broken.handlers.map(({ type, version }) => type + version).sort(), ['echo1', 'x1', 'y2']);
  t.same(broken.failures, [{ file: '/h/a.mjs', message: 'is broken', serving: '1' }]);
  const clashing = served(before, found([echo, handler('y', 'a', '2'), handler('y', 'b')]));
  t.same(clashing.handlers.sort(), ['echo /own/echo.js 1', 'x /h/a.mjs 1', 'y /h/b.mjs 1']);
  const swapped = served(before, found([echo, handler('y', 'a', '2'), handler('y', 'b'), handler('x', 'd')]));
  t.same(
    swapped.handlers.sort(),
    ['echo /own/echo.js 1', 'x /h/d.mjs 1', 'y /h/b.mjs 1'],
    'unless its type has been taken meanwhile',
  );
  t.end();
});

t.test('what runs from its file has no version before', (t) => {
  const program = { ...handler('p', 'p'), url: 'file:///h/p.mjs' };
  t.same(served([program], found([], ['p'])).handlers, []);
  t.end();
});

t.test('a look that was cut short takes nothing away', (t) => {
  const before = [echo, handler('x', 'a'), handler('y', 'b')];
  const cut: HandlersFound = { ...found([handler('x', 'a', '2')]), whole: false };
  t.same(served(before, cut).handlers.sort(), ['echo /own/echo.js 1', 'x /h/a.mjs 2', 'y /h/b.mjs 1']);
  t.end();
});

t.test('what changed is told file by file', (t) => {
  const catalog = (handlers: readonly HandlerDescription[], failed: readonly string[] = []) => {
    const { failures } = found([], failed);
    return { handlers, failures };
  };
  const changes = handlerChanges(
    catalog([handler('x', 'same'), handler('x2', 'changes'), handler('x3', 'goes'), handler('x4', 'breaks')]),
    catalog(
      [handler('x', 'same'), handler('x2', 'changes', '2'), handler('x4', 'breaks'), handler('x5', 'comes')],
      ['breaks', 'bad'],
    ),
  );
  t.same(changes.map(sayChange), [
    'handler changes.mjs serves x2 in version 2 from now on',
    'handler comes.mjs serves x5, version 1',
    'handler goes.mjs is gone: tasks of type x3 wait',
    'handler breaks.mjs is not taken: version 1 goes on serving x4',
    'handler bad.mjs is not used',
  ]);
  t.end();
});

t.test('a program that served keeps its type after a restart, as long as it is there', async (t) => {
  const folder = t.testdir({ handlers: { 'x.py': '#!/bin/sh\n', 'x.sh': '#!/bin/sh\n' } });
  const program = (name: string): HandlerDescription => {
    const file = join(folder, 'handlers', name);
    return { ...handler('x', name), file, url: `program://${file}` };
  };
  const open = () => new Served(join(folder, 'served'), join(folder, 'handlers'));
  mkdirSync(join(folder, 'served'));
  await open().note([program('x.sh'), { ...program('gone.sh'), type: 'gone' }, echo]);
  const last = await open().last();
  t.same(
    last.map(({ type }) => type),
    ['x'],
  );
  t.same(served(last, found([program('x.py'), program('x.sh')])).handlers, [`x ${program('x.sh').file} 1`]);
});
