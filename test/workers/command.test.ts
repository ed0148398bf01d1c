import { fork } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import type { CallItem, OutcomeItem } from '../../workers/contract.ts';
import { LineSplitter } from '../../workers/lines.ts';
import { type Bed, bed, builtIn } from './thread-pool.ts';

const linux = process.platform === 'linux' ? {} : { skip: 'reads /proc' };
const settings = { COMMANDS: 'sh=/bin/sh, cat=/bin/cat,gone=/nowhere/at/all' };
const sh = (script: string, more: object = {}) => ({ command: 'sh', args: ['-c', script], ...more });

/** Gone, or only waiting for its parent to take notice. */
function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Pids that a program wrote, one a line, once there are `count`. */
async function pidsIn(file: string, count: number): Promise<number[]> {
  const read = () =>
    existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').filter(Boolean).map(Number) : [];
  await eventually(() => read().length >= count);
  return read();
}

/** One thread for most tests: loading the handler takes longer than they do. */
const shared = await bed(t, builtIn('command.run'), { graceMs: 3_000 });

async function run(bed: Bed, params: unknown, own: Record<string, string> = settings): Promise<OutcomeItem> {
  return bed.pool.outcome(bed.order(params, { settings: own }));
}

t.test('a program gets its arguments, input, folder and environment, and its end is the outcome', async (t) => {
  const place = shared;
  const { pool, order } = place;
  const given = order(
    sh('echo "$1|$2|$NIGHTSHIFT_ATTEMPT|$MINE"; cat; echo oops >&2; pwd', {
      args: ['-c', 'echo "$1|$2|$NIGHTSHIFT_ATTEMPT|$MINE"; cat; echo oops >&2; pwd', 'x', 'a b', '$HOME;rm'],
      stdin: 'from input\n',
      env: { MINE: 'yes' },
    }),
    { settings },
  );
  const outcome = await pool.outcome(given);
  t.match(outcome, { outcome: 'succeeded' }, JSON.stringify(outcome.error));
  const result = JSON.parse(outcome.result ?? '');
  t.match(result, { exitCode: 0, lines: 4 });
  t.same(
    pool
      .log(given)
      .filter((line) => line.level === 'stdout')
      .map((line) => line.text)
      .slice(0, 2),
    ['a b|$HOME;rm|1|yes', 'from input'],
  );
  t.match(
    pool.log(given).find((line) => line.level === 'stderr'),
    { text: 'oops' },
  );
  const rows: [string, Partial<OutcomeItem>][] = [
    ['exit 3', { outcome: 'failed', retryable: true, error: { code: 'exit_3', message: 'sh ended with exit code 3' } }],
    ['echo why; exit 65', { retryable: false, error: { code: 'exit_65', message: 'sh ended with exit code 65: why' } }],
    ['exit 75', { retryable: true, error: { code: 'exit_75', message: 'sh ended with exit code 75' } }],
    ['exit 78', { retryable: false }],
    [
      '/nowhere/to/be/found',
      { retryable: false, error: { code: 'exit_127', message: /not found/ as unknown as string } },
    ],
    ['kill -SEGV $$', { retryable: true, error: { code: 'signal_SIGSEGV', message: 'sh was ended by SIGSEGV' } }],
  ];
  for (const [script, expected] of rows) t.match(await run(place, sh(script)), expected, script);
  t.match(await run(place, sh('exit 9', { okExit: [0, 9] })), { outcome: 'succeeded' });
});

t.test('what is not allowed does not run', async (t) => {
  const place = shared;
  const rows: [object, RegExp][] = [
    [{ command: 'rm', args: ['-rf', '/'] }, /does not name "rm"; it names sh, cat, gone/],
    [{ command: '/bin/sh' }, /does not name/],
    [{ command: 'gone' }, /cannot be run/],
    [{ shell: 'echo hello' }, /shell lines are not allowed/],
    [{ command: 'sh', shell: 'x' }, /either "command" or "shell"/],
    [{}, /either "command" or "shell"/],
    [{ command: 'sh', env: { LD_PRELOAD: '/tmp/x.so' } }, /must not name what decides which code/],
    [{ command: 'sh', env: { PATH: '/tmp' } }, /must not name/],
    [{ command: 'sh', env: { 'A=B': 'x' } }, /env\["A=B"\]/],
    [{ command: 'sh', cwd: '../..' }, /leave the library/],
    [{ command: 'sh', cwd: place.dataDir }, /supervisor's own files/],
    [{ command: 'sh', cwd: '/nowhere' }, /no folder/],
    [{ command: 'sh', args: ['a\0b'] }, /NUL/],
  ];
  for (const [params, message] of rows) {
    t.match(
      await run(place, params),
      { outcome: 'failed', retryable: false, error: { message } },
      JSON.stringify(params),
    );
  }
  t.match(await run(place, { shell: 'echo hello' }, { ALLOW_SHELL: 'true' }), { outcome: 'succeeded' });
  t.match(await run(place, { command: 'sh' }, {}), { error: { message: /it names none/ } });
});

t.test('the start is told before the program runs, and a refusal keeps it from running', linux, async (t) => {
  const { pool, order, dataDir } = shared;
  const mark = join(dataDir, 'mark');
  const script = sh(`echo x > ${mark}`);
  let child: CallItem['request'] | null = null;
  pool.answer = ({ request }) => {
    child = request;
    t.notOk(existsSync(mark), 'nothing has run yet');
    throw Object.assign(new Error('the journal is closed'), { code: 'draining' });
  };
  t.match(await pool.outcome(order(script, { settings })), { outcome: 'failed', error: { code: 'draining' } });
  t.match(child, { name: 'child', groupId: Number, startTicks: /^\d+$/ });
  t.notOk(existsSync(mark));
  pool.answer = () => null;
});

t.test('output that is wild is tamed: bytes that are no text, endless lines, floods', async (t) => {
  const { pool, order } = shared;
  const wild = order(
    sh(
      `printf 'caf\\351\\n'; head -c 20000 /dev/zero | tr '\\0' x; echo; printf '1%%\\r2%%\\r\\n'; printf '\\033[31mred\\033[0m'`,
    ),
    { settings },
  );
  t.equal((await pool.outcome(wild)).outcome, 'succeeded');
  t.match(
    pool.log(wild).map((line) => line.text),
    ['caf\uFFFD', /x… \(11872 more characters cut\)$/, '1%', '2%', 'red'],
  );
  const flood = order(sh('yes | head -n 300000; echo the end'), { settings });
  const outcome = await pool.outcome(flood);
  const result = JSON.parse(outcome.result ?? '{}');
  t.equal(result.lines, 300_001);
  t.equal(result.lastLines.at(-1), 'the end', 'the last lines are kept with the result');
  const told = pool.log(flood).filter((line) => line.level === 'stdout').length;
  const cut = pool
    .log(flood)
    .map((line) => Number(/^(\d+) log lines/.exec(line.text)?.[1] ?? 0))
    .reduce((sum, count) => sum + count, 0);
  t.ok(told < 30_000);
  t.equal(told + cut, 300_001, 'what was cut is counted');
});

t.test('lines are the same however the bytes are chopped', async (t) => {
  const text = Buffer.from('one\r\ntwo\nthree\rvier ü 中文 🎵\n\nlast');
  for (let size = 1; size <= text.length; size++) {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (let at = 0; at < text.length; at += size) splitter.write(text.subarray(at, at + size));
    splitter.end();
    t.same(lines, ['one', 'two', 'three', 'vier ü 中文 🎵', '', 'last'], `${size} bytes at a time`);
  }
});

const family = (file: string) =>
  `echo $$ >> ${file}; (echo $(exec sh -c 'echo $PPID') >> ${file}; sleep 600) & sleep 600 & echo $! >> ${file}; wait`;

t.test('cancel and timeout end the program and all it has started', linux, async (t) => {
  const { pool, order, dataDir } = shared;
  const canceledFile = join(dataDir, 'canceled');
  const canceled = order(sh(family(canceledFile)), { settings });
  const running = pool.outcome(canceled);
  const pids = await pidsIn(canceledFile, 3);
  pool.stop(canceled, 'canceled');
  t.match(await running, { outcome: 'canceled' });
  t.ok(pids.every(isGone), 'nothing is left when the outcome is told');
  const lateFile = join(dataDir, 'late');
  const late = await pool.outcome(order(sh(family(lateFile)), { settings, timeoutMs: 400 }));
  t.match(late, { outcome: 'timed_out' });
  t.ok((await pidsIn(lateFile, 3)).every(isGone));
});

t.test('a program is asked first and has time to tidy up; one that does not listen is killed', linux, async (t) => {
  const { pool, order, dataDir } = shared;
  const file = join(dataDir, 'polite');
  const polite = order(
    sh(`trap 'sleep 0.3; echo tidied; exit 0' TERM; echo $$ > ${file}; while :; do sleep 0.05; done`),
    { settings },
  );
  const running = pool.outcome(polite);
  await pidsIn(file, 1);
  pool.stop(polite, 'canceled');
  t.equal((await running).outcome, 'canceled');
  t.ok(pool.log(polite).some((line) => line.text === 'tidied'));
  const deafFile = join(dataDir, 'deaf');
  const deaf = order(sh(`trap '' TERM; echo $$ > ${deafFile}; while :; do sleep 0.05; done`), { settings });
  const second = pool.outcome(deaf);
  const [pid] = await pidsIn(deafFile, 1);
  pool.stop(deaf, 'canceled');
  t.equal((await second).outcome, 'canceled');
  t.ok(isGone(pid ?? 0));
});

t.test('what a program leaves running in the background ends with it', linux, async (t) => {
  const { pool, order, dataDir } = shared;
  const file = join(dataDir, 'left');
  const outcome = await pool.outcome(order(sh(`sleep 600 & echo $! > ${file}; echo done`), { settings }));
  t.match(outcome, { outcome: 'succeeded' });
  t.ok((await pidsIn(file, 1)).every(isGone));
});

t.test('ending the thread ends the program and its children', linux, async (t) => {
  const { pool, order, dataDir } = await bed(t, builtIn('command.run'), { graceMs: 1_000 });
  const file = join(dataDir, 'thread');
  const running = pool.run([order(sh(family(file)), { settings })]);
  running.catch(() => {});
  const pids = await pidsIn(file, 3);
  await pool.piscina.destroy();
  await eventually(() => pids.every(isGone));
  t.pass('all gone');
});

t.test('so does SIGKILL of the whole supervisor', linux, async (t) => {
  const folder = t.testdir();
  const file = join(folder, 'killed');
  // A process of its own that runs one order in a real pool, as the supervisor does.
  const host = fork(fileURLToPath(new URL('./command-host.js', import.meta.url)), [
    folder,
    JSON.stringify(sh(family(file))),
    settings.COMMANDS,
  ]);
  t.teardown(() => host.kill('SIGKILL'));
  const pids = await pidsIn(file, 3);
  host.kill('SIGKILL');
  await eventually(() => pids.every(isGone));
  t.pass('all gone');
});

t.test('a script that is named in the settings runs where the library is', linux, async (t) => {
  const { pool, order, dataDir } = shared;
  pool.answer = () => null;
  const script = join(dataDir, 'backup.sh');
  await writeFile(script, '#!/bin/sh\npwd\n');
  chmodSync(script, 0o755);
  mkdirSync(join(dataDir, 'library', 'music'), { recursive: true });
  const outcome = await pool.outcome(
    order({ command: 'backup', cwd: 'music' }, { settings: { COMMANDS: `backup=${script}` } }),
  );
  t.same(JSON.parse(outcome.result ?? '{}').lastLines, [join(dataDir, 'library', 'music')]);
});
