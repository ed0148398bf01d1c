/** The command line on schedules, with one supervisor for all of it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { stateText } from '../../cli/schedule-answers.ts';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { commandLine } from '../helpers/command-line.ts';
import { plainEnvironment } from '../helpers/plain-environment.ts';

const { folder, nightshift } = commandLine(t);

const data = mkdtempSync(join(folder, 'schedules-'));
writeFileSync(join(data, 'nightshift.env'), 'TIMEZONE=Europe/Berlin\nSTARTUP_DELAY=0s\n');
const supervisor = await startSupervisor(data, {});
t.teardown(() => supervisor.stop());
const env = { NIGHTSHIFT_DATA: data, TZ: 'Asia/Tokyo' };

t.test('schedules are made, looked at, changed, run, paused, resumed and deleted', async (t) => {
  const run = (...words: string[]) => nightshift(['schedules', ...words], { env });
  const request = ['--type', 'http.request', '--params', '{"url":"http://127.0.0.1:9/"}'];
  const file = join(folder, 'last-day.json');
  writeFileSync(
    file,
    JSON.stringify({
      schedule: {
        name: 'month end',
        task: { type: 'http.request', params: { url: 'http://127.0.0.1:9/' } },
        when: { kind: 'monthly', day: 'last', at: '04:00' },
        timezone: 'Asia/Shanghai',
      },
    }),
  );

  // Each command is a process of its own: those that do not build on one another go side by side.
  const [nightly, often, monthly, wrong, typo, none, both] = await Promise.all([
    run('add', '--name', 'nightly', ...request, '--daily', '02:00', '--note', 'while all sleep'),
    run('add', '--name', 'often', ...request, '--every', '6h', '--anchor', '2026-01-01T00:00:00Z', '--json'),
    run('add', '--file', file),
    run('add', '--name', 'wrong', ...request, '--weekly', 'mon,fry@25:00', '--catch-up', 'some'),
    run('add', '--name', 'typo', '--type', 'http.requst', '--cron', '0 2 * * *'),
    run('add', '--name', 'none', ...request),
    run('add', '--name', 'both', ...request, '--daily', '02:00', '--once', '2030-01-01T08:00:00'),
  ]);
  t.match(nightly, {
    code: 0,
    out: /^nightly: Every day at 02:00 in Europe\/Berlin\nnext {2}20\d\d-\d\d-\d\d 02:00:00 \+0[12]:00\n$/,
  });
  const { id, when } = JSON.parse(often.out);
  t.match(when, { kind: 'interval', every: '6h', anchor: '2026-01-01T00:00:00Z' });
  t.match(monthly, { code: 0, out: /^month end: .*last day.* at 04:00 in Asia\/Shanghai\nnext/ });
  t.match(wrong, {
    code: 1,
    err: /^nightshift: 3 mistakes:\n {2}--weekly must be one of .*"fry"\n {2}--weekly .*24 hours/,
  });
  t.match(wrong.err, /--catch-up must be one of latest, all, none/);
  t.match(typo, { code: 1, err: /No handler for "http\.requst"/ });
  t.match(none, { code: 64, err: /say when: --daily/ });
  t.match(both, { code: 64, err: /--daily and --once exclude each other/ });

  const [list, json, next, show, bogus, nobody] = await Promise.all([
    run('list'),
    run('list', '--text', 'sleep', '--json'),
    run('next', 'month end', '--count', '3'),
    run('show', 'nightly'),
    run('edit', 'nightly', '--bogus'),
    run('show', 'nobody'),
  ]);
  t.match(list, {
    code: 0,
    out: /^nightly +active +20\S+ 02:00:00 \+0[12]:00 .*Every day at 02:00 in Europe\/Berlin$/m,
  });
  t.match(list.out, /^month end +active/m);
  t.match(JSON.parse(json.out), { items: [{ name: 'nightly' }], total: 1, scheduler: { timezone: 'Europe/Berlin' } });
  t.match(next.out, /^IN Asia\/Shanghai +OFFSET\n(20\d\d-\d\d-\d\d 04:00:00 +\+08:00\n){3}$/m);
  t.match(show.out, /^next +20\S+ 02:00:00 \+0[12]:00$/m, 'in the zone of the supervisor, not of the shell');
  t.match(show.out, /^note +while all sleep$[\s\S]*^task +\{"type":"http\.request"/m);
  t.match(bogus, { code: 64, err: /unknown option '--bogus'[\s\S]*nightshift schedules edit --help/ });
  t.match(nobody, { code: 1, err: /there is no schedule nobody/ });

  const [changed, empty, paused, past, half, anchor, nope, noWhen] = await Promise.all([
    run('edit', 'nightly', '--weekly', 'fri,mon@04:00', '--params', '{"url":"http://127.0.0.1:9/b"}', '--json'),
    run('edit', 'nightly'),
    run('pause', 'month end', '--reason', 'on holiday', '--until', '2099-01-02T10:00'),
    run('pause', 'often', '--until', '2020-01-02'),
    run('pause'),
    run('add', '--name', 'wrong', ...request, '--every', '6h', '--anchor', 'tomorrow'),
    run('edit', 'month end', '--unset', 'nope'),
    run('edit', 'month end', '--unset', 'when'),
  ]);
  t.match(JSON.parse(changed.out), {
    sentence: 'Every Monday and Friday at 04:00 in Europe/Berlin',
    task: { type: 'http.request', params: { url: 'http://127.0.0.1:9/b' } },
    note: 'while all sleep',
  });
  t.match(empty, { code: 64, err: /say what to change/ });
  t.match(paused, {
    code: 0,
    out: /^paused month end by cli since .*, until 2099-01-02 10:00:00 \+08:00: on holiday$/m,
  });
  t.match(past, { code: 1, err: /--until is over already/ });
  t.match(anchor, { code: 1, err: /^nightshift: --anchor must be a time/ });
  t.match(nope, { code: 64, err: /--unset nope: only these have a default: timezone, catch-up,/ });
  t.match(noWhen, { code: 64, err: /--unset when: only these have a default/ });
  t.match(half, { code: 64, err: /name one schedule, or say --all/ });

  t.match(await run('pause', '--all', '--reason', 'moving house'), { code: 0, out: /^paused all schedules by cli/ });
  const [still, ran] = await Promise.all([run('list', '--state', 'paused'), run('run', 'often')]);
  const resumed = await run('resume', 'month end');
  t.match(still, { out: /^month end +paused/m, err: /all schedules are paused by cli .*: moving house/ });
  t.match(resumed, { code: 0, out: 'resumed month end\n', err: /does not start yet: .*moving house/ });
  t.match(ran, { code: 0, out: /^[0-9a-f-]{36}\n$/ });
  const status = await nightshift(['status'], { env });
  t.match(status.out, /^warning: All schedules are paused, by cli, until somebody resumes them: moving house$/m);
  t.match(await run('resume', '--all', '--catch-up'), { code: 0, out: 'resumed all schedules\n' });
  t.match(await run('resume', '--all'), { code: 0, out: 'all schedules were not paused\n' });
  t.match(await run('resume', 'month end'), { code: 0, out: 'month end was not paused\n' });

  const history = await run('history', 'often');
  t.match(history.out, new RegExp(`^20.* started +${ran.out.trim()}`, 'm'));
  t.match(await run('rm', 'often'), {
    code: 0,
    out: `deleted often; what became of it: nightshift schedules history ${id}\n`,
  });
  t.match(JSON.parse((await run('history', id, '--json')).out), {
    items: [{ taskId: ran.out.trim(), outcome: 'started' }],
  });
});

t.test('a schedule that never comes again is done, whatever holds it, and one whose turn waits is not', async (t) => {
  const over = { state: 'active', nextAt: null, waiting: [], held: null } as const;
  t.equal(stateText(over), 'done');
  t.equal(stateText({ ...over, held: 'the feature flag NIGHT is off' }), 'done');
  t.equal(stateText({ ...over, state: 'paused' }), 'paused');
  t.equal(stateText({ ...over, waiting: [{ plannedAt: '2026-11-26T12:00:00Z', outcome: 'queued' }] }), 'active');
});

t.test('params are changed only while the task is what it was when they were written', async (t) => {
  const { pid, url } = JSON.parse(readFileSync(join(data, 'supervisor.json'), 'utf8')) as { pid: number; url: string };
  const authorization = `Bearer ${readFileSync(join(data, 'token'), 'utf8').trim()}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const schedule = { name: 'raced', task: { type: 'echo', params: { of: 1 } }, when: { kind: 'daily', at: '02:00' } };
  await fetch(`${url}/api/v1/schedules`, { method: 'POST', headers, body: JSON.stringify(schedule) });
  const somebody = JSON.stringify({ task: { type: 'echo', params: { of: 2 } } });
  // Between the command's look and its change.
  const between = createServer(async (request, response) => {
    const { method = '', headers: given } = request;
    const place = `${url}${request.url}`;
    if (method === 'PATCH') await fetch(place, { method, headers, body: somebody });
    const seen = given['if-match'];
    const answer = await fetch(place, {
      method,
      headers: { ...headers, ...(seen && { 'if-match': seen }) },
      ...(method === 'PATCH' && { body: await text(request) }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve));
  t.teardown(() => between.close());
  const through = mkdtempSync(join(folder, 'between-'));
  const { port } = between.address() as AddressInfo;
  writeFileSync(join(through, 'supervisor.json'), JSON.stringify({ pid, url: `http://127.0.0.1:${port}` }));
  const lost = await nightshift(['schedules', 'edit', 'raced', '--params', '{"of":3}', '--data', through]);
  t.match(lost, { code: 1, err: /changed/ });
  const shown = await nightshift(['schedules', 'show', 'raced', '--json'], { env });
  t.match(JSON.parse(shown.out), { task: { params: { of: 2 } } }, 'what somebody else wrote stands');
});

t.test('the documents say nothing about schedules that does not work', async (t) => {
  const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  writeFileSync(join(bin, 'nightshift'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
  const path = `${bin}${delimiter}${process.env['PATH'] ?? ''}`;
  for (const name of ['README.md', 'docs/schedules.md']) {
    const document = readFileSync(join(root, name), 'utf8');
    const blocks = [...document.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
    const ours = blocks.filter((block) => block.startsWith('nightshift schedules'));
    t.ok(ours.length > 0, name);
    const script = ours.join('').replaceAll('https://example.org', 'http://127.0.0.1:9');
    const { status, stderr } = spawnSync('/bin/sh', ['-e', '-c', script], {
      env: plainEnvironment({ ...env, PATH: path }),
      encoding: 'utf8',
    });
    t.equal(status, 0, `${name}: ${stderr}`);
  }
});
