/** The declared types of `nightshift/queue`, as a program that has Nightshift installed is checked against them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import t from 'tap';
import { plainEnvironment } from '../helpers/plain-environment.ts';
import { folderOf } from './queue-bed.ts';

const require = createRequire(import.meta.url);
const root = dirname(require.resolve('nightshift/package.json'));
const compiler = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

const PROGRAM = `
import { openQueue, QueueError, type Queue, type QueueErrorCode, type Transition } from 'nightshift/queue';

interface Work {
  'mail.send': { to: string };
  tick: undefined;
}

const queue: Queue<Work> = await openQueue<Work>({ folder: 'mails', limits: 'type:mail.send=2' });
const { id, created } = await queue.push({ type: 'mail.send', params: { to: 'a@example.org' }, delay: '10m', priority: 9 });
await queue.pushAll([{ type: 'tick' }, { type: 'mail.send', params: { to: id + created } }]);
// @ts-expect-error there is no such type
await queue.push({ type: 'mail', params: { to: '' } });
// @ts-expect-error its params are others
await queue.push({ type: 'mail.send', params: { from: '' } });
// @ts-expect-error it needs params
await queue.push({ type: 'mail.send' });
// @ts-expect-error misspelt
await queue.push({ type: 'tick', priorty: 1 });

const task = await queue.pop({ timeout: '30s', signal: new AbortController().signal });
if (task?.type === 'mail.send') {
  const to: string = task.params.to;
  task.signal.throwIfAborted();
  await queue.done(task, { to });
} else if (task) {
  const nothing: undefined = task.params;
  await queue.fail(task, { error: nothing, retryAfter: 500, retryable: true });
  await queue.fail(task, new Error('no'));
}
const end: () => void = queue.watch(({ state, outcome }: Transition) => console.log(state, outcome));
end();
const value: unknown = (await queue.getPublic('k'))?.value;
const version: number = (await queue.setPublic('k', value, { ttl: '1d', ifVersion: 0 })).version;
const gone: boolean = await queue.deletePublic('k', { ifVersion: version });
const { keys } = await queue.cleanup();
try {
  await queue.close({ timeout: 0 });
} catch (error) {
  if (error instanceof QueueError) {
    const code: QueueErrorCode = error.code;
    console.log(code, error.action, error.mistakes.map(({ path, message }) => path + message), gone, keys);
  }
}

const any = await openQueue({ memory: true });
await any.push({ type: 'whatever', params: [1] });
const taken = await any.pop();
const params: unknown = taken?.params;
console.log(params, (await any.counts()).queued, (await any.task('x'))?.state);
// @ts-expect-error it may be null
console.log(taken.id);
`;

t.test('a program is checked against the declared types, and they say what the queue does', async (t) => {
  const folder = folderOf(t);
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules', 'nightshift'));
  symlinkSync(join(root, 'node_modules', '@types', 'node'), join(folder, 'node_modules', '@types', 'node'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
  const options = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--skipLibCheck', '--target', 'es2023'];
  const rest = ['--module', 'nodenext', '--types', 'node', 'program.ts'];
  const checked = spawnSync(process.execPath, [compiler, ...options, ...rest], {
    cwd: folder,
    encoding: 'utf8',
    env: plainEnvironment(),
  });
  t.match(checked, { status: 0, stdout: '' });
});
