import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Order, WorkerItem } from '../../workers/contract.ts';
import { programUrl } from '../../workers/program-file.ts';
import { eventually } from '../helpers/supervisor-process.ts';
import { bed, builtIn } from './thread-pool.ts';

const linux = process.platform === 'linux' ? {} : { skip: 'reads /proc' };
const { pool, order: anyOrder } = await bed(t, builtIn('echo'), { graceMs: 1_000 });
const folder = await mkdtemp(join(tmpdir(), 'nightshift-programs-'));
t.teardown(() => rm(folder, { recursive: true, force: true }));

let scripts = 0;

/** An order of a handler that is this script. */
function order(script: string, params: unknown = {}, own: Partial<Order> = {}, interpreter = '/bin/sh'): Order {
  const file = join(folder, `script-${++scripts}`);
  writeFileSync(file, `#!${interpreter}\n${script}\n`);
  chmodSync(file, 0o755);
  return anyOrder(params, { handlerUrl: programUrl(file), handlerVersion: 'any', ...own });
}

const fileOf = ({ handlerUrl }: Order) => handlerUrl.replace('program://', '');
const texts = (order: Order) =>
  pool
    .log(order)
    .map(({ level, text }) => `${level} ${text}`)
    .filter((line) => !line.includes("handler's file has changed"));
const ofKind = <Kind extends WorkerItem['kind']>({ taskId }: Order, kind: Kind) =>
  pool.items.filter(
    (item): item is Extract<WorkerItem, { kind: Kind }> => item.kind === kind && item.taskId === taskId,
  );

function isGone(pid: number): boolean {
  try {
    return /^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

t.test('a program gets params, number, settings and checkpoint, and leaves log and result', async (t) => {
  const given = order(
    `read -r params; echo "$params"; echo "$NIGHTSHIFT_TASK_ID $NIGHTSHIFT_ATTEMPT $HANDLER_KEY" >&2
cat "$NIGHTSHIFT_CHECKPOINT"; [ -z "$NIGHTSHIFT_WORKER_SETUP" ] || echo leaked
echo '{"made": ["a", 2]}' > "$NIGHTSHIFT_RESULT"`,
    { of: 'x y', deep: [1] },
    { attempt: 2, settings: { HANDLER_KEY: 'secret' }, resume: { at: 7 } },
  );
  const outcome = await pool.outcome(given);
  t.match(outcome, { outcome: 'succeeded', result: '{"made":["a",2]}' }, JSON.stringify(outcome.error));
  t.same(texts(given).sort(), [`stderr ${given.taskId} 2 secret`, 'stdout {"at":7}', 'stdout {"of":"x y","deep":[1]}']);
  const bare = order('[ -e "$NIGHTSHIFT_CHECKPOINT" ] && echo there; [ -n "$NIGHTSHIFT_CHECKPOINT" ]');
  t.match(await pool.outcome(bare), { outcome: 'succeeded', result: null });
  t.same(texts(bare), []);
  const tidy = order('echo "$NIGHTSHIFT_RESULT"; pwd; touch here');
  t.match(await pool.outcome(tidy), { outcome: 'succeeded' });
  const places = pool
    .log(tidy)
    .map(({ text }) => text)
    .filter((text) => text.startsWith('/'));
  t.equal(places.length, 2);
  t.notOk(
    places.some((place) => existsSync(place)),
    'its files are gone',
  );
});

t.test('words on standard output are taken, all other lines are its log', async (t) => {
  const submitted: unknown[] = [];
  pool.answer = ({ request }) => {
    if (request.name === 'submit') submitted.push(request.task);
    return { id: 'x' };
  };
  const large = 'x'.repeat(50_000);
  const given = order(`
echo '::progress 3/10 of them'
echo '::count ok=9 failed=1'
echo '::checkpoint {"text":"${large}"}'
echo '::submit {"type":"next.thing","params":{"text":"${large}"}}'
echo '::submit {"type":"named","idempotencyKey":"mine"}'
echo '::notice of somebody else'
echo '::progress' >&2`);
  t.match(await pool.outcome(given), { outcome: 'succeeded' });
  t.match(ofKind(given, 'progress'), [{ done: 3, total: 10, text: 'of them' }]);
  t.match(ofKind(given, 'count'), [{ processed: 10, succeeded: 9, failed: 1 }]);
  t.same(
    ofKind(given, 'checkpoint').map(({ data }) => JSON.parse(data)),
    [{ text: large }],
  );
  t.match(submitted, [
    { type: 'next.thing', params: { text: large }, idempotencyKey: `${given.taskId}/1` },
    { type: 'named', idempotencyKey: 'mine' },
  ]);
  t.same(texts(given).sort(), ['stderr ::progress', 'stdout ::notice of somebody else']);
});

t.test('a word that makes no sense is left out with a line that says why', async (t) => {
  const given = order(`
echo '::progress soon'; echo '::count ok=many'; echo '::checkpoint {oops'; echo '::submit'; echo '::retry later'
echo '::next oops'
echo "::checkpoint \\"$(head -c 70000 /dev/zero | tr '\\0' x)\\""`);
  t.match(await pool.outcome(given), { outcome: 'succeeded' }, 'and nothing else comes of it');
  const lines = texts(given);
  const expected = [
    /it needs numbers: ::progress 3\/10 text: ::progress soon$/,
    /it needs numbers: ::count ok=9 failed=1/,
    /it holds no JSON .*: ::checkpoint \{oops$/,
    /it holds no JSON .*: ::submit$/,
    /it needs a duration: ::retry 10m/,
    /it holds no JSON .*: ::next oops$/,
    /the checkpoint is 70002 bytes as JSON; at most 65536 are kept/,
  ];
  t.equal(lines.length, expected.length);
  for (const pattern of expected)
    t.ok(
      lines.some((line) => line.startsWith('error') && pattern.test(line)),
      `${pattern}`,
    );
});

t.test('its exit code says how it ended, and ::retry when it is tried again', async (t) => {
  const rows: [string, object][] = [
    ['exit 0', { outcome: 'succeeded' }],
    [
      'echo out; echo why >&2; exit 3',
      { outcome: 'failed', retryable: true, error: { code: 'exit_3', message: /ended with exit code 3: why$/ } },
    ],
    ['exit 75', { outcome: 'failed', retryable: true, retryAfterMs: null }],
    [
      'echo ::retry 10m; exit 75',
      { outcome: 'failed', retryable: true, retryAfterMs: 600_000, error: { code: 'exit_75' } },
    ],
    ['echo ::retry 10m; exit 65', { outcome: 'failed', retryable: false }],
    ['exit 126', { retryable: false }],
    ['exit 78', { retryable: false }],
    ['kill -SEGV $$', { outcome: 'failed', retryable: true, error: { code: 'signal_SIGSEGV' } }],
    [
      'echo "{oops" > $NIGHTSHIFT_RESULT',
      {
        outcome: 'failed',
        retryable: false,
        error: { code: 'result_not_json', message: /NIGHTSHIFT_RESULT is no JSON/ },
      },
    ],
    ["printf '\\377' > $NIGHTSHIFT_RESULT", { error: { code: 'result_not_json', message: /no UTF-8/ } }],
    ['mkdir $NIGHTSHIFT_RESULT', { error: { code: 'result_not_json', message: /not a regular file/ } }],
    ['ln -s /etc/passwd $NIGHTSHIFT_RESULT', { error: { code: 'result_not_json', message: /cannot be read/ } }],
    [
      `R=$NIGHTSHIFT_RESULT; printf '"' > $R; head -c 300000 /dev/zero | tr '\\0' x >> $R; printf '"' >> $R`,
      { outcome: 'failed', retryable: false, error: { code: 'result_too_large' } },
    ],
    ['head -c 2000000 /dev/zero > $NIGHTSHIFT_RESULT', { error: { code: 'result_too_large' } }],
    [': > $NIGHTSHIFT_RESULT', { outcome: 'succeeded', result: null }],
  ];
  for (const [script, expected] of rows) t.match(await pool.outcome(order(script)), expected, script);
});

t.test('a refused ::submit fails the attempt, and thousands of them are answered before it ends', async (t) => {
  pool.answer = () => {
    throw Object.assign(new Error('no handler for it'), { code: 'unknown_type' });
  };
  const refused = await pool.outcome(order(`echo '::submit {"type":"nobody"}'`));
  t.match(refused, { outcome: 'failed', error: { code: 'unknown_type', message: 'no handler for it' } });
  const numbers: number[] = [];
  let mostAtOnce = 0;
  let now = 0;
  pool.answer = async ({ request }) => {
    if (request.name !== 'submit') return null;
    mostAtOnce = Math.max(mostAtOnce, ++now);
    await new Promise((resolve) => setImmediate(resolve));
    now--;
    numbers.push((request.task as { params: number }).params);
    return { id: 'x' };
  };
  const many = order(
    `i=0; while [ $i -lt 5000 ]; do echo "::submit {\\"type\\":\\"x\\",\\"params\\":$i}"; i=$((i + 1)); done`,
  );
  t.match(await pool.outcome(many), { outcome: 'succeeded' });
  t.same(
    numbers,
    Array.from({ length: 5_000 }, (_, number) => number),
    'all, in order',
  );
  t.ok(mostAtOnce <= 100, 'never many at once');
  pool.answer = () => null;
});

t.test('a file that cannot be run any more fails its task with what to do', async (t) => {
  const unfit = order('exit 0', {}, {}, '/nowhere/at/all');
  t.match(await pool.outcome(unfit), {
    outcome: 'failed',
    retryable: false,
    error: { code: 'handler_load_failed', message: /needs the interpreter \/nowhere\/at\/all, which is not there/ },
  });
  const open = order('exit 0');
  chmodSync(fileOf(open), 0o777);
  t.match(await pool.outcome(open), { retryable: false, error: { message: /can be written by others/ } });
  const gone = order('exit 0');
  await rm(fileOf(gone));
  t.match(await pool.outcome(gone), { outcome: 'failed', retryable: true, error: { code: 'handler_load_failed' } });
  const changed = order('exit 0');
  t.match(await pool.outcome(changed), { outcome: 'succeeded' });
  t.match(pool.log(changed)[0], { level: 'warn', text: /file has changed since it was checked/ });
});

const family = (file: string) =>
  `trap '' TERM; echo $$ >> ${file}; (trap '' TERM; echo $(exec sh -c 'echo $PPID') >> ${file}; sleep 600) & sleep 600 & echo $! >> ${file}; wait; wait`;

t.test('cancel and timeout end it and all it has started, though it ignores SIGTERM', linux, async (t) => {
  const pidsIn = (file: string) =>
    eventually('its processes', () => {
      const pids = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
      return pids.length >= 3 ? pids.map(Number) : null;
    });
  const canceledFile = join(folder, 'canceled');
  const canceled = order(family(canceledFile));
  const running = pool.outcome(canceled);
  const pids = await pidsIn(canceledFile);
  pool.stop(canceled, 'canceled');
  t.match(await running, { outcome: 'canceled' });
  t.ok(pids.every(isGone), 'nothing is left when the outcome is told');
  const lateFile = join(folder, 'late');
  t.match(await pool.outcome(order(family(lateFile), {}, { timeoutMs: 400 })), { outcome: 'timed_out' });
  t.ok((await pidsIn(lateFile)).every(isGone));
  const leftFile = join(folder, 'left');
  const left = order(`sleep 600 & echo $! > ${leftFile}`);
  t.match(await pool.outcome(left), { outcome: 'succeeded' });
  t.ok(isGone(Number(readFileSync(leftFile, 'utf8'))), 'and what it leaves running ends with it');
});

t.test('a flood of output is cut, and counted', async (t) => {
  const flood = order('yes | head -n 200000');
  t.match(await pool.outcome(flood), { outcome: 'succeeded' });
  const lines = pool.log(flood);
  const cut = lines.reduce((sum, { text }) => sum + Number(/^(\d+) log lines/.exec(text)?.[1] ?? 0), 0);
  const told = lines.filter(({ level }) => level === 'stdout').length;
  t.ok(told < 30_000);
  t.equal(told + cut, 200_000);
});
