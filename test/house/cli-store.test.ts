/** The command line on the store, with one supervisor for all of it, and what its document shows. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { handlerIn, perform } from '../../workers/testing.ts';
import { commandLine } from '../helpers/command-line.ts';
import { needs } from '../helpers/needs.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';
import { eventually } from '../helpers/supervisor-process.ts';

const { folder, nightshift } = commandLine(t);

const data = mkdtempSync(join(folder, 'store-'));
mkdirSync(join(data, 'handlers'), { mode: 0o700 });
const env = { NIGHTSHIFT_DATA: data };
const document = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('nightshift/package.json')), 'docs', 'store.md'),
  'utf8',
);

function blocks(language: string): readonly string[] {
  return [...document.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].flatMap(([, of, text = '']) =>
    of === language ? text : [],
  );
}

const [script = ''] = blocks('sh').filter((block) => block.startsWith('#!'));
writeFileSync(join(data, 'handlers', 'count.visits.sh'), script, { mode: 0o755 });
const supervisor = await startSupervisor(data, {});
t.teardown(() => supervisor.stop());

t.test('keys are set, shown, listed, counted and deleted', async (t) => {
  const run = (...words: string[]) => nightshift(['store', ...words], { env });
  const file = join(folder, 'value.json');
  writeFileSync(file, '{"from": "a file"}');
  const [json, text, read, piped, hits] = await Promise.all([
    run('set', 'feeds/a b', '{"seen": [1, null]}', '--json'),
    run('set', 'text', '12', '--text', '--ttl', '90'),
    run('set', 'file', `@${file}`, '--ttl', '10m'),
    nightshift(['store', 'set', 'piped', '-'], { env, input: '[true]' }),
    run('increment', 'hits', '5', '--ttl', '1h'),
  ]);
  const { version } = JSON.parse(json.out);
  t.match(JSON.parse(json.out), { key: 'feeds/a b', value: { seen: [1, null] }, expiresAt: null });
  t.match(text, { code: 0, out: /^text is at version \d+, until 20.*\n$/ });
  t.match([read.code, piped.code], [0, 0]);
  t.match(hits, { code: 0, out: '5\n' });

  const [shown, quoted, list, none, lost, again, wrong, both, ttl, cleanup] = await Promise.all([
    run('get', 'feeds/a b'),
    run('get', 'text', '--json'),
    run('ls', '--json'),
    run('get', 'nothing'),
    run('set', 'file', '1', '--if-version', '1'),
    run('set', 'file', '1', '--create'),
    run('set', 'wrong', '{not json'),
    run('set', 'both', '1', '--create', '--if-version', '1'),
    run('set', 'ttl', '1', '--ttl', '0'),
    run('cleanup'),
  ]);
  t.same(JSON.parse(shown.out), { seen: [1, null] });
  t.match(JSON.parse(quoted.out), { value: '12', expiresAt: /^20/ });
  t.match(JSON.parse(list.out), {
    items: [{ key: 'feeds/a b' }, { key: 'file' }, { key: 'hits' }, { key: 'piped' }, { key: 'text' }],
    total: 5,
  });
  t.match(none, { code: 1, err: /there is no key "nothing"/ });
  t.match(lost, { code: 1, err: /key "file" is at version \d+, not 1: read it and decide again/ });
  t.match(again, { code: 1, err: /it was not to be there/ });
  t.match(wrong, { code: 64, err: /the value is not JSON/ });
  t.match(both, { code: 64, err: /exclude each other/ });
  t.match(ttl, { code: 1, err: /\$\.ttl must be more than 0/ });
  t.match(cleanup, { code: 0, out: 'cleared 0 keys, 0 bytes\n' });

  const [kept, less, some] = await Promise.all([
    run('set', 'feeds/a b', '2', '--if-version', String(version)),
    run('increment', 'hits', '--', '-7'),
    run('list', 'feeds/', '--limit', '1'),
  ]);
  t.match(kept, { code: 0, out: /^feeds\/a b is at version/ });
  t.match(less, { code: 0, out: '-2\n' });
  t.match(some.out, /^KEY +VERSION +ENDS +VALUE\nfeeds\/a b +\d+ +never +/);
  t.match(await run('rm', 'hits'), { code: 0, out: 'deleted hits\n' });
  t.match(await run('delete', 'hits'), { code: 1, err: /there is no key "hits"/ });
  t.match(await run('ls', 'hits'), { code: 0, out: '', err: /no key matches/ });
});

t.test('the document says nothing that does not work', needs('curl'), async (t) => {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  writeFileSync(join(bin, 'nightshift'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
  const path = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
  const commands = blocks('sh')
    .filter((block) => !block.startsWith('#!'))
    .join('')
    .replaceAll('http://127.0.0.1:8421', supervisor.url)
    .replaceAll('curl ', 'curl -sS --fail-with-body ');
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', commands], {
    env: plainEnvironment({ ...env, PATH: path }),
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr + stdout);
  t.match(stdout, /^\{\n {2}"seen": \[\n {4}"ep-7"/m);
  t.match(stdout, /^feeds\/42 +\d+ +never +\{"seen":\["ep-7"\]\}$/m);

  const file = join(folder, 'feed.read.mjs');
  writeFileSync(file, blocks('js').join(''));
  const done = await perform(await handlerIn(file), {
    params: { feed: 42 },
    store: { 'feeds/42': { seen: ['ep-7'] } },
  });
  t.match(done, { outcome: 'succeeded', result: { reads: 1 } }, JSON.stringify(done.error));
  t.same(done.stored, { 'feeds/42': { seen: ['ep-7', 'ep-8'] }, reads: 1 });

  const visits = async () => JSON.parse((await nightshift(['store', 'get', 'visits'], { env })).out);
  const before = await visits();
  const id = (await nightshift(['add', 'count.visits'], { env })).out.trim();
  const ended = await eventually('the program to end', async () => {
    const shown = JSON.parse((await nightshift(['show', id, '--json'], { env })).out);
    return shown.finishedAt === null ? null : shown;
  });
  t.match(ended, { state: 'succeeded', result: { key: 'visits', value: before + 1 } }, JSON.stringify(ended.error));
});
