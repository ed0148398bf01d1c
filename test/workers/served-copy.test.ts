import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { reachOf } from '../../workers/reach.ts';
import { serveCopy } from '../../workers/served-copy.ts';

const places = (folder: string) => ({ handlersDir: join(folder, 'handlers'), servedDir: join(folder, 'served') });

t.test('what a handler imports of its folder is found in its text, also by way of others', async (t) => {
  const folder = t.testdir({
    'h.mjs': `import a from './lib/a.mjs'; export * from "./lib/b.js"
      const c = await import(\`./lib/c.ts\`); import './lib/gone.mjs'; import conf from './conf.json' with { type: 'json' };
      import out from '../outside.mjs'; import { join } from 'node:path'; import pkg from './node_modules/pkg/index.js';
      const text = readFileSync(new URL('./data.json', import.meta.url));`,
    'common.cjs': `const d = require('./lib/d'); const { e } = require("./lib/e");`,
    'conf.json': '{}',
    'data.json': '{}',
    lib: {
      'a.mjs': `import './deep/z.mjs?x=1'; import '../h.mjs'`,
      'b.js': '',
      'c.ts': '',
      'd.js': '',
      e: { 'index.js': '' },
      deep: { 'z.mjs': '' },
    },
    node_modules: { pkg: { 'index.js': '' } },
  });
  const imports = new Set<string>();
  const { files, outside } = await reachOf(folder, 'h.mjs', imports);
  t.same(
    [...files.keys()],
    ['h.mjs', 'lib/a.mjs', 'lib/b.js', 'lib/c.ts', 'conf.json', 'lib/deep/z.mjs'],
    'each once, data that is only read not among them',
  );
  t.same(outside, ['../outside.mjs']);
  t.ok(imports.has(join(folder, 'lib/gone.mjs')), 'what is missing may come');
  t.same(
    [...(await reachOf(folder, 'common.cjs', imports)).files.keys()],
    ['common.cjs', 'lib/d.js', 'lib/e/index.js'],
  );
});

t.test('a version is that of the file, and of what it imports as soon as it imports something', async (t) => {
  const folder = t.testdir({
    handlers: { 'alone.mjs': 'export default 1', 'two.mjs': `import './lib/x.mjs'`, lib: { 'x.mjs': '1' } },
  });
  const versionOf = async (name: string) =>
    (await serveCopy(join(folder, 'handlers', name), places(folder), new Set())).version;
  const [alone, two] = [await versionOf('alone.mjs'), await versionOf('two.mjs')];
  writeFileSync(join(folder, 'handlers', 'lib', 'x.mjs'), '2');
  t.equal(await versionOf('alone.mjs'), alone);
  t.not(await versionOf('two.mjs'), two);
  writeFileSync(join(folder, 'handlers', 'lib', 'x.mjs'), '1');
  t.equal(await versionOf('two.mjs'), two);
});

t.test('a copy holds what was there, and finds packages and data as the file does', async (t) => {
  const folder = t.testdir({
    handlers: {
      'h.mjs': `import { readFileSync } from 'node:fs'; import { x } from './lib/x.mjs'; import { p } from 'pkg';
        export default [x, p, readFileSync(new URL('./prompt.txt', import.meta.url), 'utf8'), readFileSync(new URL('./lib/y.txt', import.meta.url), 'utf8')]`,
      'other.mjs': '',
      'prompt.txt': 'say',
      lib: { 'x.mjs': 'export const x = 1', 'y.txt': 'y' },
      node_modules: { pkg: { 'package.json': '{"type":"module","exports":"./i.js"}', 'i.js': 'export const p = 2' } },
    },
  });
  const { handlersDir, servedDir } = places(folder);
  const { path } = await serveCopy(join(handlersDir, 'h.mjs'), { handlersDir, servedDir }, new Set());
  writeFileSync(join(handlersDir, 'h.mjs'), 'broken (');
  writeFileSync(join(handlersDir, 'lib', 'x.mjs'), 'broken (');
  t.same((await import(pathToFileURL(path).href)).default, [1, 2, 'say', 'y']);
  t.notOk(existsSync(join(path, '..', 'other.mjs')), 'other handlers are not its concern');
  t.ok(lstatSync(join(path, '..', 'lib')).isDirectory());
  t.same(readdirSync(servedDir).length, 1, 'and nothing unfinished is left');
});

t.test('a copy that a power cut has left torn is made anew', async (t) => {
  const folder = t.testdir({ handlers: { 'h.mjs': 'export default 1' } });
  const { path } = await serveCopy(join(folder, 'handlers', 'h.mjs'), places(folder), new Set());
  writeFileSync(path, '');
  await serveCopy(join(folder, 'handlers', 'h.mjs'), places(folder), new Set());
  t.equal(readFileSync(path, 'utf8'), 'export default 1');
});

t.test('an imported file that others could have written is refused; a link is followed as it is', async (t) => {
  const folder = t.testdir({ handlers: { 'h.mjs': `import './x.mjs'`, 'l.mjs': `import './y.mjs'`, 'x.mjs': '' } });
  const { handlersDir, servedDir } = places(folder);
  symlinkSync(join(handlersDir, 'x.mjs'), join(handlersDir, 'y.mjs'));
  chmodSync(join(handlersDir, 'x.mjs'), 0o666);
  const copy = (name: string) => serveCopy(join(handlersDir, name), { handlersDir, servedDir }, new Set());
  await t.rejects(copy('h.mjs'), /imports x\.mjs, which can be written by others/);
  await t.resolves(copy('l.mjs'));
});
