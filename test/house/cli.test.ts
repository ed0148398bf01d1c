import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { commandLine, type Ended } from '../helpers/command-line.ts';

const { folder, nightshift } = commandLine(t);

t.test('wrong usage ends with 64 and says what would be right', async (t) => {
  const wrong: readonly [string[], RegExp][] = [
    [[], /Usage: nightshift/],
    [['lisst'], /Did you mean list\?/],
    [['start', '--port', '70000'], /0 to 65535/],
    [['start', '--lock', 'hope'], /flock, socket/],
    [['start', 'now'], /too many arguments/],
    [['add'], /missing required argument 'type'/],
    [['add', 'echo', '--params', '{'], /--params is not JSON/],
    [['add', 'echo', '--params', '@nowhere.json'], /cannot be read/],
    [['add', 'echo', '--priority', '11'], /from 0 to 9/],
    [['list', '--limit', '0'], /from 1 to 500/],
    [['cancel'], /missing required argument/],
    [['status', '--data', ''], /--data .*must name a folder/],
    [['show', 'x', '--nothing'], /unknown option/],
  ];
  // `add` looks for its supervisor first; one that is there lets it come to its params.
  const data = pretended(folder, 'http://127.0.0.1:9', process.pid);
  const ended = await Promise.all(wrong.map(([words]) => nightshift(words, { env: { NIGHTSHIFT_DATA: data } })));
  ended.forEach(({ code, out, err }, index) => {
    const [words, said] = wrong[index] ?? [[], /never/];
    t.equal(code, 64, `nightshift ${words.join(' ')}`);
    t.match(err, said);
    t.equal(out, '', 'nothing where results belong');
  });
});

t.test('help and version are no mistakes', async (t) => {
  const { version } = JSON.parse(
    readFileSync(fileURLToPath(import.meta.resolve('nightshift/package.json')), 'utf8'),
  ) as { version: string };
  const [help, start, number, versions] = await Promise.all(
    ['--help', 'start --help', '--version', 'version'].map((words) => nightshift(words.split(' '))),
  );
  t.match(help, { code: 0, out: /Commands:/ });
  t.match(start, { code: 0, out: /73 +data folder held by another supervisor/ });
  t.match(number, { code: 0, out: `${version}\n` });
  t.match(versions, { code: 0, out: `nightshift ${version} (node v` });
});

/** A data folder as a supervisor would leave it. */
function pretended(under: string, url: string, pid: number): string {
  const data = mkdtempSync(join(under, 'data-'));
  writeFileSync(join(data, 'supervisor.json'), JSON.stringify({ pid, url }));
  writeFileSync(join(data, 'token'), 'the-secret\n');
  return data;
}

t.test('with no supervisor to reach, commands end with 2 and say why', async (t) => {
  const ended = spawn(process.execPath, ['-e', '']);
  await once(ended, 'exit');
  const empty = mkdtempSync(join(folder, 'empty-'));
  const broken = mkdtempSync(join(folder, 'broken-'));
  writeFileSync(join(broken, 'supervisor.json'), '{');
  t.match(await nightshift(['status', '--data', empty]), {
    code: 2,
    err: /no supervisor runs on .*nightshift start --data/,
  });
  const nowhere = join(folder, 'nowhere');
  t.match(
    await nightshift(['status', '--data', nowhere]),
    { code: 2, err: `nightshift: ${nowhere} does not exist; to begin: mkdir -p ${nowhere} && nightshift start --data` },
    'what it advises works',
  );
  t.match(await nightshift(['status', '--data', broken]), { code: 2, err: /supervisor\.json cannot be read/ });
  t.match(await nightshift(['status', '--data', pretended(folder, 'http://127.0.0.1:9', process.pid)]), {
    code: 2,
    err: /does not answer at http:\/\/127\.0\.0\.1:9/,
  });

  // Its port may belong to somebody else by now.
  let asked = 0;
  const stranger = createServer((_, response) => {
    asked++;
    response.end('{}');
  });
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  t.teardown(() => stranger.close());
  const left = pretended(folder, `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`, ended.pid ?? 0);
  t.match(await nightshift(['list', '--data', left]), { code: 2, err: /is not running \(process \d+ has ended\)/ });
  t.equal(asked, 0, 'and is not sent the token');
});

t.test('tasks are added, listed, shown, followed, canceled and retried from the command line', async (t) => {
  const data = join(folder, 'real');
  mkdirSync(join(data, 'handlers'), { recursive: true });
  writeFileSync(
    join(data, 'handlers', 'talk.mjs'),
    `import { RetryAfter } from 'nightshift/handler';
    export default { type: 'talk', maxAttempts: 1, async run({ lines, fail, again, wait }, ctx) {
      if (again) throw new RetryAfter('1h', 'EEXIST: file already exists', { code: 'EEXIST' });
      for (const line of lines ?? []) ctx.log.info(line);
      if (wait) await new Promise((resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
      if (fail) throw Object.assign(new Error(fail), { retryable: false });
      return { said: lines?.length ?? 0 };
    } };\n`,
  );
  const supervisor = await startSupervisor(data, { WORKERS: '2' });
  t.teardown(() => supervisor.stop());
  const env = { NIGHTSHIFT_DATA: data };
  const run = (...words: string[]) => nightshift(words, { env });
  const id = ({ out }: Ended) => out.trim();

  const first = await run(
    'add',
    'talk',
    '--params',
    '{"lines":["good evening"]}',
    '--tag',
    'a',
    '--tag',
    'b',
    '--key',
    'k1',
    '--priority',
    '7',
  );
  t.match(first, { code: 0, err: '' });
  t.match(id(first), /^[0-9a-f-]{36}$/, 'the id stands alone, for scripts');
  const again = await run(
    'add',
    'talk',
    '--params',
    '{"lines":["good evening"]}',
    '--key',
    'k1',
    '--tag',
    'a',
    '--tag',
    'b',
    '--priority',
    '7',
  );
  t.equal(id(again), id(first));
  t.match(again.err, /the key was known/);

  const followed = await run('logs', '-f', id(first));
  t.match(
    followed,
    { code: 0, out: /^\d{4}-\S+ \S+ [+-]\d\d:\d\d info +good evening\n$/ },
    'following ends with the attempt',
  );
  const shown = JSON.parse((await run('show', id(first), '--json')).out) as {
    state: string;
    tags: string[];
    origin: string;
  };
  t.match(shown, { state: 'succeeded', tags: ['a', 'b'], origin: 'cli' });
  t.match((await run('show', id(first))).out, /state +succeeded[\s\S]*ATTEMPT +OUTCOME[\s\S]*params +\{"lines"/);
  t.match((await run('show', id(first))).out, /attempt +1, 0 of 1 failures used/);

  const piped = await nightshift(['add', 'talk', '--params', '-', '--json'], {
    env,
    input: '{"fail":"no \\u001b[31mred"}',
  });
  const failing = JSON.parse(piped.out) as { id: string };
  await run('logs', '-f', failing.id);
  const failed = await run('list', '--state', 'failed');
  t.match(
    failed,
    { code: 0, out: new RegExp(`^ID +STATE[^\n]*\n${failing.id} +failed +talk +1 .*no red\n$`) },
    'with what a stranger wrote made harmless',
  );
  t.match(
    await run('logs', failing.id),
    { code: 0, out: '', err: /^nightshift: no lines; attempt 1: failed: handler_error: no red\n$/ },
    'an empty log is explained',
  );
  const retrying = await run('add', 'talk', '--params', '{"again":true}', '--max-attempts', '3', '--timeout', '5m');
  await run('logs', '-f', id(retrying));
  const described = (await run('show', id(retrying))).out;
  t.match(described, /state +retrying/);
  t.match(described, /last error +EEXIST: file already exists\n/, 'with its code said once');
  t.match(described, /attempt +1, 1 of 3 failures used/);
  t.match(described, /timeout +5m\nbackoff +exponential, from 10s to 1h, give or take 20 %\non interrupt +requeue\n/);
  const short = id(retrying).slice(0, 23);
  t.match(
    await run('show', short),
    { code: 0, out: new RegExp(`^id +${id(retrying)}`) },
    'the beginning of an id is enough',
  );
  const pair = (await fetch(`${supervisor.url}/api/v1/tasks`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${readFileSync(join(data, 'token'), 'utf8').trim()}`,
    },
    body: JSON.stringify([
      { type: 'talk', delay: '1h' },
      { type: 'talk', delay: '1h' },
    ]),
  }).then((answer) => answer.json())) as { tasks: readonly { id: string }[] };
  t.match(await run('show', String(pair.tasks[0]?.id).slice(0, 12)), {
    code: 1,
    err: /is the beginning of several ids; give more of it/,
  });
  t.match(await run('logs', 'ffffffff'), { code: 1, err: /no task ffffffff/i });
  t.match((await run('list', '--text', 'again')).out, / PARAMS\n[\s\S]* again=true +backoff/);
  const given = JSON.parse((await run('cancel', '--json', short)).out) as { items: { task: { state: string } }[] };
  t.match(given, { items: [{ task: { state: 'canceled' } }] });
  t.match(await run('cancel', 'nope'), { code: 1, err: 'nightshift: there is no task nope\n' });
  t.match(await run('retry', failing.id), { code: 0, out: /queued|running|failed/ });
  const edited = JSON.parse((await run('retry', short, '--params', '{"again":false}', '--json')).out);
  t.match(edited, { items: [{ task: { params: { again: false } } }] });
  t.match(
    await run('retry', id(first), 'no-such-task'),
    { code: 1, err: /no-such-task/ },
    'the others are still asked',
  );

  t.match(await run('pause', '--reason', 'lunch'), { code: 0, out: 'paused\n' });
  const status = (await run('status')).out;
  t.match(status, /state +paused\npaused +since \d{4}-\S+ \S+ \+00:00 by cli: lunch\n/);
  t.match(status, /ever +7 accepted, \d succeeded, \d failed, 1 canceled/);
  t.match(status, /next due/);
  t.match(await run('pause', '--type', 'tlak'), {
    code: 0,
    out: 'paused tlak\n',
    err: 'nightshift: no handler and no task has the type tlak: did you mean talk?\n',
  });
  t.match((await run('status')).out, /paused tlak +since /);
  t.match(await run('resume', '--type', 'echo'), {
    code: 0,
    out: '',
    err: /echo was not paused\n.*whole queue is still/s,
  });
  const waiting = await run('add', 'talk', '--delay', '1h');
  t.match((await run('show', id(waiting))).out, /waiting +(scheduled|paused)/);
  t.match(await run('cancel', id(waiting)), { code: 0, out: /canceled/ });
  t.match(await run('cancel', id(waiting)), { code: 1, err: /./ });
  t.match(await run('resume'), { code: 0, out: 'resumed\n', err: /still paused by their type: tlak; .*--type tlak/ });
  t.match(JSON.parse((await run('resume', '--type', 'tlak', '--json')).out), { paused: null, types: [] });
  t.match(await run('resume'), { code: 0, out: '', err: 'nightshift: the queue was not paused\n' });

  t.match(await run('add', 'talk', '--timeout', 'soon', '--run-at', 'then'), {
    code: 1,
    err: /^nightshift: 2 mistakes:\n {2}--(run-at|timeout) must be .*\n {2}--(run-at|timeout) must be .*\n$/,
  });
  t.match(await run('add', 'nobody.handles'), { code: 1, err: /nobody\.handles[\s\S]*known types/ });
  t.match(await run('add', 'talk', '--timeout', 'soon'), {
    code: 1,
    err: /^nightshift: --timeout must be a duration[^\n]*\n$/,
  });
  const page = JSON.parse((await run('list', '--json', '--limit', '1')).out) as {
    items: { id: string }[];
    next: string | null;
  };
  t.equal(page.items.length, 1);
  const next = await run('list', '--cursor', String(page.next), '--limit', '1');
  t.match(next, { code: 0, err: /there are more, \d+ in all: --cursor / });
  t.notMatch(next.out, page.items[0]?.id ?? '');
  t.match(
    await run('list', '--cursor', String(page.next), '--state', 'failed'),
    { code: 1, err: /cursor/ },
    'a cursor goes with its own question',
  );
  t.match(JSON.parse((await run('status', '--json')).out), { pid: supervisor.pid, state: 'running' });
});
