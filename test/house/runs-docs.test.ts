/** What docs/runs.md shows works: its pipelines are right, its handler does what it says, its commands are taken. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { RUN_STATES } from '../../supervisor/core/run/run-state.ts';
import { readPipeline } from '../../supervisor/pipeline-file.ts';
import { handlerIn, perform } from '../../workers/testing.ts';
import { commandLine } from '../helpers/command-line.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';

const { folder, nightshift } = commandLine(t);
const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
const document = readFileSync(join(root, 'docs/runs.md'), 'utf8');
const blocks = (kind: string) =>
  [...document.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);
const [pipeline = ''] = blocks('yaml');
const [handler = '', grows = ''] = blocks('js');
const others = ['http.download', 'library.index'].map(
  (type) => [type, `export default { type: '${type}', run: () => null };`] as const,
);

t.test('the pipeline is right, and every state is told as it is', async (t) => {
  t.match(readPipeline(pipeline, 'podcasts.yaml'), { ok: true });
  for (const [state, sentence] of Object.entries(RUN_STATES))
    t.match(document, new RegExp(`\`${state}\` *\\| ${sentence}`));
});

t.test('the handler puts work into the next stage', async (t) => {
  const file = join(folder, 'feed.read.mjs');
  writeFileSync(file, handler);
  const given = { params: { sources: ['a', 'b'] }, task: { run: { id: 'r', stage: 'collect' } } };
  t.match(await perform(await handlerIn(file), given), {
    outcome: 'succeeded',
    result: { sources: 2 },
    nexts: [{ key: 'a', params: { url: 'a' }, label: 'Newest of a' }, { key: 'b' }],
  });
});

t.test('a handler brings forth tasks of its own stage', async (t) => {
  const file = join(folder, 'library.index.mjs');
  writeFileSync(file, grows);
  const given = { params: { folders: ['a'] }, task: { run: { id: 'r', stage: 'index' } }, stages: ['index'] };
  t.match(await perform(await handlerIn(file), given), {
    outcome: 'succeeded',
    nexts: [{ key: 'a', params: { folder: 'a' }, stage: 'index', type: 'library.index' }],
  });
});

t.test('the commands are taken, and a run is steered by the command line', async (t) => {
  const data = mkdtempSync(join(folder, 'runs-'));
  mkdirSync(join(data, 'handlers'));
  mkdirSync(join(data, 'pipelines'));
  writeFileSync(join(data, 'handlers', 'feed.read.mjs'), handler);
  writeFileSync(join(data, 'handlers', 'library.index.mjs'), others[1]?.[1] ?? '');
  writeFileSync(join(data, 'pipelines', 'podcasts.yaml'), pipeline.replace('http.download', 'library.index'));
  writeFileSync(join(data, 'pipelines', 'wrong.yaml'), 'stages: []');
  const supervisor = await startSupervisor(data, {});
  t.teardown(() => supervisor.stop());
  const env = { NIGHTSHIFT_DATA: data };
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  writeFileSync(join(bin, 'nightshift'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-e', '-c', blocks('sh').join('')], {
    env: plainEnvironment({ ...env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` }),
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  t.match(stdout, /podcasts +[0-9a-f]{12} +podcasts\.yaml +collect → download → index/);
  t.match(stderr, /wrong\.yaml: \$\.stages must be a list/);
  const [id = ''] = stdout.split('\n');
  const runs = (...words: string[]) => nightshift(['runs', ...words], { env });
  t.match(await runs('show', id), { code: 0, out: /pipeline +podcasts[\s\S]*sources +https[\s\S]*STAGE +STATE/ });
  t.match(await runs('retry', id), { code: 0, out: /^0 tasks run again; / });
  t.match(await runs('start', 'nothing'), {
    code: 1,
    err: /the pipeline "nothing" is no pipeline; known are library\.collect, [^;]*, podcasts/,
  });
  t.match(await runs('pause', id, '--reason', 'loud'), { code: 1, err: /has ended: there is nothing left to pause/ });
});
