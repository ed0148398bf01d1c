import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { machineClock } from '../../supervisor/clock.ts';
import type { PipelineChanged } from '../../supervisor/core/event.ts';
import type { Pipeline } from '../../supervisor/core/run/pipeline.ts';
import { pipelineRecord } from '../../supervisor/core/run/record.ts';
import { Health } from '../../supervisor/health.ts';
import { makeLog } from '../../supervisor/log.ts';
import { readPipeline } from '../../supervisor/pipeline-file.ts';
import { type FoundPipeline, PipelinesFolder, pipelineFileBytesMax } from '../../supervisor/pipelines-folder.ts';

function folderFor(t: Test): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'nightshift-pipelines-'));
  t.teardown(() => rmSync(dataDir, { recursive: true, force: true }));
  mkdirSync(join(dataDir, 'pipelines'));
  return dataDir;
}

/** @param dataDir of one that was opened before */
async function bed(t: Test, dataDir = folderFor(t)) {
  const health = new Health(machineClock);
  const told: PipelineChanged[] = [];
  let heard: (() => void) | null = null;
  const folder = new PipelinesFolder({
    dataDir,
    clock: machineClock,
    health,
    log: makeLog('silent'),
    changed: (changes) => {
      told.push(...changes);
      heard?.();
    },
  });
  const write = (file: string, text: string) => {
    writeFileSync(join(dataDir, 'pipelines', `.${file}`), text);
    renameSync(join(dataDir, 'pipelines', `.${file}`), join(dataDir, 'pipelines', file));
  };
  const remove = (file: string) => rmSync(join(dataDir, 'pipelines', file));
  const change = () =>
    new Promise<void>((resolve) => {
      heard = resolve;
    });
  return { dataDir, folder, health, told, write, remove, change };
}

const one = 'stages: [{ name: a, type: x }]';
const other = 'stages: [{ name: a, type: y }]';

t.test('a file is a pipeline by its name, and a change of it counts for new runs', async (t) => {
  const { folder, told, write, remove } = await bed(t);
  write('night.yaml', one);
  write('named.yml', `name: library\n${one}`);
  write('.hidden.yaml', 'oops');
  write('notes.txt', 'oops');
  await folder.open();
  t.same(
    folder.all.filter(({ file }) => file !== null).map(({ pipeline }) => pipeline.name),
    ['library', 'night'],
  );
  t.same(told, [], 'what is there at the start is no change');
  const before = folder.of('night')?.version;
  write('night.yaml', other);
  await folder.look();
  t.not(folder.of('night')?.version, before);
  remove('night.yaml');
  await folder.look();
  t.equal(folder.of('night'), undefined);
  t.match(told, [
    { file: 'night.yaml', what: 'changed', pipeline: 'night' },
    { what: 'removed', pipeline: 'night', version: null },
  ]);
});

t.test('a broken file is named with each mistake and its line, and the version before goes on', async (t) => {
  const { folder, health, told, write } = await bed(t);
  write('night.yaml', one);
  await folder.open();
  const before = folder.of('night')?.version;
  write('night.yaml', 'stages:\n  - name: a\n    typ: x\n');
  await folder.look();
  t.equal(folder.of('night')?.version, before);
  t.match(health.items(), [{ code: 'pipeline:night.yaml', severity: 'error', message: /typ.*line 3.*goes on/ }]);
  t.match(folder.failures, [{ file: 'night.yaml', serving: before, mistakes: [{ path: '$.stages[0].typ' }, {}] }]);
  t.match(told, [{ what: 'refused', pipeline: 'night', version: before }]);
  await folder.look();
  t.equal(told.length, 1, 'once');
  write('night.yaml', one);
  await folder.look();
  t.same([health.items(), folder.failures], [[], []]);
});

t.test('a second file of a name does not take it from the first', async (t) => {
  const { folder, write, remove } = await bed(t);
  write('b.yaml', `name: night\n${one}`);
  await folder.open();
  write('a.yaml', `name: night\n${other}`);
  await folder.look();
  t.equal(folder.of('night')?.file, 'b.yaml');
  t.match(folder.failures, [{ file: 'a.yaml', mistakes: [{ path: '$.name', message: /b\.yaml/ }] }]);
  remove('b.yaml');
  await folder.look();
  t.equal(folder.of('night')?.file, 'a.yaml');
});

t.test('what is no YAML, no single pipeline, or too long is a mistake', async (t) => {
  t.match(readPipeline('stages: [', 'a.yaml'), { ok: false, mistakes: [{ message: /line/ }] });
  t.match(readPipeline('', 'a.yaml'), { ok: false, mistakes: [{ message: /one pipeline/ }] });
  t.match(readPipeline(`${one}\n---\n${one}`, 'a.yaml'), { ok: false, mistakes: [{ message: /one pipeline/ }] });
  t.match(readPipeline('- a', 'a.yaml'), { ok: false, mistakes: [{ path: '$' }] });
  const { folder, write } = await bed(t);
  write('a.yaml', `${one}\n#${'x'.repeat(pipelineFileBytesMax)}`);
  await folder.open();
  t.match(folder.failures, [{ mistakes: [{ message: /at most/ }] }]);
});

t.test('what the library needs is built in, and a file takes the place of one only by name', async (t) => {
  const { folder, write, remove, told } = await bed(t);
  await folder.open();
  const stages = folder.all.map(({ pipeline, file }) => [file, pipeline.name, pipeline.stages.map(({ type }) => type)]);
  t.same(stages, [
    [null, 'library.collect', ['library.collect', 'library.catalog']],
    [null, 'library.download', ['library.download']],
    [null, 'library.full', ['library.collect', 'library.sync', 'library.download', 'library.upload']],
    [null, 'library.sync', ['library.sync']],
    [null, 'library.upload', ['library.upload']],
  ]);
  const full = folder.of('library.full');
  t.match(full?.pipeline.stages.slice(1), [{ start: 'flow' }, { start: 'flow' }, { start: 'flow' }]);
  write('library.full.yaml', one);
  await folder.look();
  const { pipeline, version, file } = folder.of('library.full') as FoundPipeline;
  t.match(pipelineRecord(pipeline, version, file), {
    builtIn: false,
    replacesBuiltIn: true,
    file: 'library.full.yaml',
  });
  t.equal(folder.all.length, 5);
  remove('library.full.yaml');
  await folder.look();
  t.same(folder.of('library.full'), full, 'and it comes back');
  t.match(told, [{ what: 'added', pipeline: 'library.full' }, { what: 'removed' }]);
  t.match(pipelineRecord(full?.pipeline as Pipeline, '', null), { builtIn: true, file: null, replacesBuiltIn: false });
});

t.test('a pipeline that is broken at a start goes on in the version that counted last, and says so', async (t) => {
  const before = await bed(t);
  before.write('night.yaml', one);
  before.write('gone.yaml', one);
  before.write('b.yaml', `name: shared\n${one}`);
  await before.folder.open();
  const last = before.folder.of('night');
  before.write('night.yaml', 'stages: [{ name: a }]');
  before.remove('gone.yaml');
  before.write('a.yaml', `name: shared\n${other}`);
  const { folder, health, write } = await bed(t, before.dataDir);
  await folder.open();
  t.match(folder.of('night'), { version: last?.version, file: 'night.yaml' });
  t.match(folder.failures, [{ file: 'night.yaml', serving: last?.version }, { file: 'a.yaml' }]);
  t.match(health.items()[0], { code: 'pipeline:night.yaml', message: /type is required.*goes on/ });
  t.equal(folder.of('gone'), undefined, 'what was taken away is no more');
  t.equal(folder.of('shared')?.file, 'b.yaml', 'and who had a name keeps it');
  const again = await bed(t, before.dataDir);
  await again.folder.open();
  t.equal(again.folder.of('night')?.version, last?.version, 'also at the next start');
  write('night.yaml', other);
  await again.folder.look();
  writeFileSync(join(before.dataDir, 'served', 'pipelines.json'), '{');
  const spoiled = await bed(t, before.dataDir);
  await spoiled.folder.open();
  t.equal(spoiled.folder.of('night')?.version, again.folder.of('night')?.version, 'a spoiled list is none');
});

t.test('it is noticed while the supervisor runs', async (t) => {
  const { folder, write, change } = await bed(t);
  await folder.open();
  folder.begin();
  const noticed = change();
  write('night.yaml', one);
  await noticed;
  t.ok(folder.of('night'));
  await folder.end();
});
