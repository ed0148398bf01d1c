/** The sources file: taken whole, as soon as it is right and still; what is wrong is named, and the last good one goes on. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import { Health } from '../../supervisor/health.ts';
import { makeLog } from '../../supervisor/log.ts';
import { readSources, SourcesFile, sourcesFileBytesMax } from '../../supervisor/sources-file.ts';

function bed(t: Test, names: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-sources-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'sources.yaml');
  const health = new Health(machineClock);
  let heard: (() => void) | null = null;
  const log = makeLog('silent');
  log.info = (() => heard?.()) as typeof log.info;
  const sources = new SourcesFile({ file, names, clock: machineClock, health, log, changed() {} });
  const write = (text: string) => {
    writeFileSync(`${file}.new`, text);
    renameSync(`${file}.new`, file);
  };
  const change = () =>
    new Promise<void>((resolve) => {
      heard = resolve;
    });
  const namesOn = () => sources.on.map(({ name }) => name);
  return { folder, file, health, sources, write, change, namesOn };
}

const GOOD = `
- name: News
  kind: opml
  url: https://example.org/news.opml
  groups: [News, Daily]
  headers: { Authorization: Bearer secret }
  limit: 20
- { name: Old, kind: feed, url: 'https://example.org/old.xml', enabled: false }
- { name: Records, kind: folder, path: music }
- { name: Mine, kind: my.kind }
`;

t.test('those that are on are given to handlers with all they have; what is shown has no headers', async (t) => {
  const { folder, sources, write, namesOn } = bed(t);
  await sources.open();
  t.same([sources.on, sources.mistakes], [[], []], 'no file is no sources');
  write(GOOD);
  await sources.look();
  t.same(namesOn(), ['News', 'Records', 'Mine']);
  t.same(sources.on[0], {
    name: 'News',
    kind: 'opml',
    url: 'https://example.org/news.opml',
    path: null,
    groups: ['News', 'Daily'],
    headers: { Authorization: 'Bearer secret' },
    limit: 20,
  });
  t.equal(sources.on[1]?.path, join(folder, 'music'), 'a path begins where the file is');
  t.notMatch(JSON.stringify(sources.all), /secret|Authorization|headers/);
  t.same(
    sources.all.map(({ name, on }) => [name, on]),
    [
      ['News', true],
      ['Old', false],
      ['Records', true],
      ['Mine', true],
    ],
  );
});

t.test('SOURCES says which are on, and a name that is none is pointed out', async (t) => {
  const { sources, health, write, namesOn } = bed(t, ['news', 'Nws', 'Old']);
  write(GOOD);
  await sources.open();
  t.same(namesOn(), ['News'], 'what is switched off in the file stays so');
  t.match(health.items(), [
    { code: 'sources-names', severity: 'warning', message: /"Nws", which no source is called/ },
  ]);
  sources.adopt(['*']);
  t.same(namesOn(), ['News', 'Records', 'Mine']);
  t.same(health.items(), []);
});

t.test('a file with a mistake is not taken: each is named with its line, and the last good one goes on', async (t) => {
  const { sources, health, write, namesOn } = bed(t);
  write(GOOD);
  await sources.open();
  write(`${GOOD}- { name: News, kind: feed }\n- { name: 'a,b', kind: feed, url: 'ftp://x', limits: 3 }\n`);
  await sources.look();
  t.same(namesOn(), ['News', 'Records', 'Mine']);
  const said = sources.mistakes.map(({ path, message }) => `${path} ${message}`).join('\n');
  for (const one of [
    /^\$\[4\] needs "url" or "path" \(line 11\)$/m,
    /^\$\[4\]\.name is the name of source 1 too: each has its own \(line 11\)$/m,
    /^\$\[5\]\.name must be text of 1 to 100 characters without commas.*\(line 12\)$/m,
    /^\$\[5\]\.url must be an address that begins with http.*\(line 12\)$/m,
    /^\$\[5\]\.limits is not a member of a source; known are name, kind.*\(line 12\)$/m,
  ])
    t.match(said, one);
  t.match(health.items(), [
    { code: 'sources', severity: 'error', message: /and 2 more mistakes; the sources before go on/ },
  ]);
  write('- { name: Only, kind: pls, path: /a.pls }');
  await sources.look();
  t.same(namesOn(), ['Only']);
  t.same([sources.mistakes, health.items()], [[], []]);
});

t.test('what cannot be a list of sources is refused, and no value of a header is ever repeated', (t) => {
  for (const [text, message] of [
    ['name: a', /must be a list/],
    ['- just text', /\$\[0\] must be a source/],
    ['a: [', /line/],
    ['[]\n---\n[]', /must hold one list/],
    ['- { name: a, kind: feed, url: "https://x", path: y }', /cannot stand beside "url"/],
    ['- { name: a, kind: feed, url: "https://u:secret@x/" }', /must not hold a password/],
    ['- { name: a, kind: folder, url: "https://x" }', /is not for a folder/],
    ['- { name: a, kind: index, path: x }', /is not for an index/],
    ['- { name: a, kind: "no such", path: x }', /kind must be one of opml/],
    ['- { name: a, kind: feed, path: x, groups: News }', /groups must be a list/],
    ['- { name: a, kind: feed, path: x, enabled: perhaps }', /enabled must be true or false/],
    ['- { name: a, kind: feed, path: x, limit: 0 }', /limit must be a whole number from 1/],
    ['- { name: a, kind: feed, path: x, headers: { A: "secret\\nB: c" } }', /headers\.A must be text of one line/],
    ['- { name: a, kind: feed, path: x, headers: { "a b": secret } }', /which is no name of a header/],
    ['- { name: a, kind: feed, path: x, headers: { A: 5 } }', /headers\.A must be text/],
  ] as const) {
    const read = readSources(text, '/');
    const said = read.ok ? 'nothing' : read.mistakes.map((one) => `${one.path} ${one.message}`).join('\n');
    t.match(said, message, text);
    t.notMatch(said, /secret/);
  }
  t.same(readSources('# nothing yet\n', '/'), { ok: true, value: [] });
  t.end();
});

t.test('a change is noticed by itself, and a file that is gone is no sources', async (t) => {
  const { sources, write, change, namesOn, file } = bed(t);
  await sources.open();
  sources.begin();
  t.teardown(() => sources.end());
  const changed = change();
  write(GOOD);
  await changed;
  t.same(namesOn(), ['News', 'Records', 'Mine']);
  const gone = change();
  rmSync(file);
  await gone;
  t.same(namesOn(), []);
  write(`# ${'x'.repeat(sourcesFileBytesMax)}`);
  await sources.look();
  t.match(sources.mistakes, [{ path: '$', message: /at most 4194304 are read/ }]);
});
