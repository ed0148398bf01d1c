/** The document of the library and its example, as somebody runs them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { openQueue } from '../../supervisor/queue/open-queue.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';
import { folderOf } from './queue-bed.ts';

const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));

function run(cwd: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd,
    encoding: 'utf8',
    env: plainEnvironment(),
  });
  return { status, lines: stdout.trim().split('\n').sort(), stderr };
}

t.test('the program in the document runs where Nightshift is installed', async (t) => {
  const text = readFileSync(join(root, 'docs', 'queue.md'), 'utf8');
  const programs = [...text.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, program = '']) => program);
  t.equal(programs.length, 1);
  const folder = folderOf(t);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'nightshift'));
  writeFileSync(join(folder, 'mails.mjs'), programs[0] as string);
  t.same(run(folder, 'mails.mjs'), { status: 0, lines: ['to day@example.org', 'to night@example.org'], stderr: '' });
  const queue = await openQueue({ folder: join(folder, 'mails') });
  t.match(await queue.counts(), { queued: 0, running: 0, retrying: 0, scheduled: 0, failed: 0 });
  await queue.close();
});

t.test('the example reads each file once, however often it is started', async (t) => {
  const folder = folderOf(t);
  const files = join(folder, 'files');
  mkdirSync(join(files, 'folder'), { recursive: true });
  const names = ['a', 'b', 'c', 'd'];
  const lines = names.map((name) => {
    writeFileSync(join(files, name), name.repeat(1_000));
    return `${createHash('sha256').update(name.repeat(1_000)).digest('hex')}  ${name}`;
  });
  const example = join(root, 'examples', 'queue', 'checksums.mjs');
  const first = run(folder, example, files);
  t.same(first, { status: 0, lines: [...lines, 'waiting: 0'].sort(), stderr: '' });
  t.same(run(folder, example, files), { status: 0, lines: ['waiting: 0'], stderr: '' });
  const queue = await openQueue({ folder: join(folder, 'checksums.queue') });
  t.match(await queue.getPublic('sha256/a'), { value: lines[0]?.slice(0, 64) });
  await queue.close();
});
