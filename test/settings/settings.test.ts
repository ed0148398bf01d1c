import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import t, { type Test } from 'tap';
import { Fault } from '../../supervisor/core/fault.ts';
import { BUILT_INS } from '../../supervisor/core/schedule/built-ins.ts';
import { readEnvFile } from '../../supervisor/settings/env-file.ts';
import { exampleFile, referenceTable } from '../../supervisor/settings/example.ts';
import { LATER_KEYS } from '../../supervisor/settings/later.ts';
import { type LoadOptions, loadSettings } from '../../supervisor/settings/load.ts';
import {
  describeProblem,
  type Given,
  type Parsed,
  type Problem,
  parseSettings,
} from '../../supervisor/settings/parse.ts';
import { changedKeys, Revisions, revisionsMax } from '../../supervisor/settings/revisions.ts';
import {
  isFileOnly,
  isHandlerKey,
  isSecret,
  KEYS,
  needsRestart,
  ROWS,
  type Settings,
} from '../../supervisor/settings/settings.ts';

const machine = {
  cores: 8,
  timezone: 'Asia/Shanghai',
  dataDir: '/data',
  uidOf: (name: string) => (name === 'anna' ? 1001 : null),
};

function given(file: string | Uint8Array, more: Partial<Given> = {}): Given {
  return { file: Buffer.from(file), environment: {}, flags: {}, machine, ...more };
}

function good(file: string, more: Partial<Given> = {}): Settings {
  const parsed = parseSettings(given(file, more));
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => describeProblem(problem, 'file')).join('\n'));
  return parsed.value.settings;
}

function problems(file: string | Uint8Array, more: Partial<Given> = {}): readonly Problem[] {
  const parsed = parseSettings(given(file, more));
  return parsed.ok ? [] : parsed.problems;
}

function strangers(text: string): Parsed['strangers'] {
  const parsed = parseSettings(given(text));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.value.strangers;
}

async function dataDir(t: Test): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-settings-'));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function load(dir: string, more: Partial<LoadOptions> = {}) {
  return loadSettings({
    dataDir: dir,
    environment: {},
    flags: {},
    machine,
    now: () => Date.parse('2026-11-22T03:00:00Z'),
    ...more,
  });
}

t.test('the example in the repository is the one made from the table', async (t) => {
  const committed = await readFile(new URL('../../../data/nightshift.env.example', import.meta.url), 'utf8');
  t.equal(committed, exampleFile(), 'if not: write the output of exampleFile() to data/nightshift.env.example');
});

t.test('the example explains every key, and its values are the defaults', async (t) => {
  const example = exampleFile();
  for (const row of ROWS) {
    t.ok(example.replaceAll('\n# ', ' ').includes(row.sentence), `${row.key} is explained`);
    t.ok(example.includes(`\n#${row.key}=${row.default}\n`), `${row.key} stands with its default`);
    t.ok(referenceTable().includes(`| \`${row.key}\` |`), `${row.key} is in the reference`);
  }
  t.equal(example.split('\n').filter((line) => line.length > 120).length, 0, 'no line is longer than 120 characters');
  t.same(good(example), good(''), 'as it is it changes nothing');
  const uncommented = example.replaceAll(/^#(?=[A-Z_]+=)/gm, '').replace(/^HANDLER_EXAMPLE.*$/m, '');
  const times = new Map(BUILT_INS.map(({ name, when }) => [name, when.at]));
  t.same(good(uncommented), { ...good(''), taskTimes: times }, 'uncommented it is the defaults');
});

/** As *Settings* of the public contract lists them, word for word. */
const CONTRACT = `
WEB_HOST WEB_PORT WEB_TOKEN WEB_READ_TOKEN WEB_BASE WEB_ALLOWED_HOSTS WEB_LOOPBACK_OPEN WORKERS IO_WORKERS IO_CONCURRENCY
PROCESS_WORKERS LIMITS COMMANDS ALLOW_SHELL ALLOW_PRIVATE_ADDRESSES HANDLER_OVERRIDES ISOLATION MIN_INTERVAL
SCHEDULER_ENABLED STARTUP_DELAY FSYNC TIMEZONE LOG_LEVEL DRAIN_TIMEOUT INBOX_SETTLE HISTORY_RETENTION ARCHIVE_AFTER
LOG_RETENTION IDEMPOTENCY_WINDOW LIBRARY_DIR LIBRARY_LAYOUT SOURCES DOWNLOAD_CONCURRENCY OBJECT_ENDPOINT OBJECT_BUCKET
OBJECT_REGION OBJECT_ACCESS_KEY OBJECT_SECRET_KEY WEBHOOK_URL HEARTBEAT_URL REPORT_AT FAILED_LIVE INBOX_RETENTION
INBOX_OWNERS IDEMPOTENCY_KEYS`
  .trim()
  .split(/\s+/);
/** Settings that this program has besides. */
const OUR_OWN = [
  'CANCEL_GRACE',
  'AGEING',
  'PROCESS_MEMORY',
  'BACKUP_DIR',
  'BACKUP_PATHS',
  'STORE_SIZE',
  'OBJECT_PREFIX',
  'METADATA_CONTACT',
  'METADATA_MUSICBRAINZ',
  'METADATA_OPENLIBRARY',
  'SOURCES_FILE',
];

t.test('every setting of the contract is there or known as one of a later version, and no other is', async (t) => {
  t.same([...new Set([...KEYS, ...LATER_KEYS])].sort(), [...CONTRACT, ...OUR_OWN].sort());
  t.equal(new Set(KEYS).size, KEYS.length, 'each once');
});

t.test('a file written for a later version starts this one, which says what has no effect', async (t) => {
  const dir = await dataDir(t);
  const file = LATER_KEYS.map((key) => `${key}=geheim`);
  await writeFile(join(dir, 'nightshift.env'), `WORKERS=3\n${file.join('\n')}\n`);
  const { settings, health } = await load(dir);
  t.equal(settings.workers, 3);
  const named = health.map(({ message }) => / has no effect in this version$/.test(message) && message.split(' ')[0]);
  t.same(named, LATER_KEYS);
  t.notMatch(JSON.stringify(health), 'geheim', 'no value is shown');
  for (const key of ['OBJECT_ACCESS_KEY', 'OBJECT_SECRET_KEY', 'WEBHOOK_URL', 'HEARTBEAT_URL'])
    t.ok(isSecret(key), `${key} is masked wherever values are shown`);
  t.ok(
    LATER_KEYS.every((key) => isFileOnly(key) || KEYS.includes(key)),
    'and none can be changed over HTTP',
  );
  t.match(strangers('MIN_INTERVALL=2m'), [{ message: /did you mean MIN_INTERVAL/ }]);
});

t.test('defaults are those of the contract', async (t) => {
  const settings = good('');
  t.match(settings, {
    webHost: '127.0.0.1',
    webPort: 8421,
    webToken: null,
    webLoopbackOpen: true,
    workers: 4,
    ioWorkers: 1,
    ioConcurrency: 16,
    processWorkers: 2,
    processMemoryMb: 1024,
    isolation: 'thread',
    fsync: 'always',
    timezone: 'Asia/Shanghai',
    drainTimeoutMs: 20_000,
    cancelGraceMs: 10_000,
    inboxSettleMs: 500,
    inboxRetentionMs: 30 * 86_400_000,
    libraryDir: '/data/library',
    idempotencyWindowMs: 7 * 86_400_000,
    idempotencyKeysMax: 1_000_000,
    failedLiveMs: 86_400_000,
    logRetentionMs: 30 * 86_400_000,
    archiveAfterMs: 90 * 86_400_000,
    historyRetentionMs: null,
    ageingMs: 600_000,
  });
  t.equal(good('', { machine: { ...machine, cores: 1 } }).workers, 2, 'at least two workers on one core');
  t.equal(good('', { machine: { ...machine, cores: 3 } }).workers, 3);
});

t.test('a later source overrides an earlier one: default, file, environment, flag', async (t) => {
  const file = 'WEB_PORT=1001\n';
  const environment = { NIGHTSHIFT_WEB_PORT: '1002' };
  t.equal(good('').webPort, 8421);
  t.equal(good(file).webPort, 1001);
  t.equal(good(file, { environment }).webPort, 1002);
  t.equal(good(file, { environment, flags: { WEB_PORT: '0' } }).webPort, 0);
  t.equal(
    good(file, { environment: { NIGHTSHIFT_WEB_PORT: '' } }).webPort,
    1001,
    'an empty variable counts as not given',
  );
  const parsed = parseSettings(
    given(file, { environment: { NIGHTSHIFT_FSYNC: 'no' }, flags: { WEB_HOST: '127.0.0.2' } }),
  );
  t.ok(parsed.ok);
  if (!parsed.ok) return;
  t.same(
    ['WEB_PORT', 'FSYNC', 'WEB_HOST', 'WORKERS'].map((key) => [
      parsed.value.sources.get(key),
      parsed.value.texts.get(key),
    ]),
    [
      ['file', '1001'],
      ['environment', 'no'],
      ['flag', '127.0.0.2'],
      ['default', 'auto'],
    ],
  );
});

t.test('values are read as their kind says', async (t) => {
  t.equal(good('WEB_HOST=[::1]').webHost, '::1');
  t.equal(good('WEB_BASE=/a/b').webBase, '/a/b');
  t.equal(good('WEB_BASE=/').webBase, '');
  t.same(good('WEB_ALLOWED_HOSTS=NAS.local, *.example.org,nas:8443,[fd00::1]:80,fd00::1').webAllowedHosts, [
    'nas.local',
    '*.example.org',
    'nas:8443',
    '[fd00::1]:80',
    'fd00::1',
  ]);
  t.same(good('ALLOW_PRIVATE_ADDRESSES=192.168.0.0/16,fd00::/8,nas').allowPrivateAddresses, [
    '192.168.0.0/16',
    'fd00::/8',
    'nas',
  ]);
  t.equal(good('LOG_RETENTION=forever').logRetentionMs, null);
  t.same(good('INBOX_OWNERS=anna,33').inboxOwners, [1001, 33]);
  t.equal(good('LIBRARY_DIR=/mnt/music').libraryDir, '/mnt/music');
  t.equal(good('LIBRARY_DIR=../music').libraryDir, '/music');
  t.same(good('BACKUP_PATHS=/home/me, /etc/nginx').backupPaths, ['/home/me', '/etc/nginx']);
  t.equal(good('TIMEZONE=europe/berlin').timezone, 'Europe/Berlin');
  t.equal(good('DRAIN_TIMEOUT=PT1M').drainTimeoutMs, 60_000);
  const { limits } = good('LIMITS="type:http.download=4, group:example.org=2,rate:example.org=10/1m,type:a:b=1"');
  t.same(
    [...limits.types],
    [
      ['http.download', 4],
      ['a:b', 1],
    ],
  );
  t.same([...limits.groups], [['example.org', 2]]);
  t.same([...limits.rates], [['example.org', { count: 10, perMs: 60_000 }]]);
  t.same(
    [...good('COMMANDS=ffmpeg=/usr/bin/ffmpeg,a.b=/opt/x=y').commands],
    [
      ['ffmpeg', '/usr/bin/ffmpeg'],
      ['a.b', '/opt/x=y'],
    ],
  );
});

t.test('each kind of wrong value is named by key and line, with what would be right', async (t) => {
  const wrong: readonly [string, string, RegExp][] = [
    ['WEB_HOST', 'http://x', /IP address or a host name/],
    ['WEB_HOST', '300.1.1.1', /IP address or a host name/],
    ['WEB_PORT', '65536', /0 to 65535, not "65536"/],
    ['WEB_PORT', '80 ', /^$/],
    ['WEB_PORT', '8e1', /whole number/],
    ['WEB_TOKEN', '"a b"', /without spaces$/],
    ['WEB_BASE', 'nightshift', /begins with \//],
    ['WEB_BASE', '/a/../b', /begins with \//],
    ['WEB_ALLOWED_HOSTS', 'https://a', /has "https:\/\/a"; expected NAME, NAME:PORT or \*\.NAME/],
    ['WEB_ALLOWED_HOSTS', 'a:0', /NAME:PORT/],
    ['WEB_ALLOWED_HOSTS', 'a:65536', /NAME:PORT/],
    ['WEB_ALLOWED_HOSTS', '*', /\*\.NAME/],
    ['WEB_ALLOWED_HOSTS', 'a.*.b', /\*\.NAME/],
    ['WEB_ALLOWED_HOSTS', '*.10.0.0.1', /\*\.NAME/],
    ['WEB_LOOPBACK_OPEN', 'yes', /must be true or false, not "yes"/],
    ['WORKERS', '0', /auto or a whole number from 1 to 64/],
    ['IO_CONCURRENCY', '257', /1 to 256/],
    ['LIMITS', 'http.download=4', /expected type:NAME=4/],
    ['LIMITS', 'type:x=0', /1 to 100000/],
    ['LIMITS', 'rate:x=10', /10\/1m/],
    ['LIMITS', 'rate:x=10/0s', /10\/1m/],
    ['LIMITS', 'type:x=1,type:x=2', /twice/],
    ['BACKUP_PATHS', '/a,b/c', /has "b\/c"; expected absolute paths/],
    ['COMMANDS', 'ffmpeg=ffmpeg', /absolute/],
    ['COMMANDS', 'a=/x,a=/y', /twice/],
    ['ALLOW_PRIVATE_ADDRESSES', '10.0.0.0/33', /networks/],
    ['FSYNC', 'sometimes', /always, everysec, no/],
    ['TIMEZONE', 'Mars/Base', /IANA time zone/],
    ['TIMEZONE', '+02:00', /IANA time zone/],
    ['LOG_LEVEL', 'loud', /trace, debug/],
    ['DRAIN_TIMEOUT', '20', /500ms, 10s/],
    ['DRAIN_TIMEOUT', '2h', /0ms to 1h/],
    ['INBOX_RETENTION', '1h', /1d to 3650d, or forever/],
    ['INBOX_OWNERS', 'nobody-here', /no such user/],
    ['IDEMPOTENCY_KEYS', '1,000', /whole number/],
    ['AGEING', '0s', /1s to 365d/],
  ];
  for (const [key, value, message] of wrong) {
    const found = problems(`# a comment\n\n${key}=${value}\n`);
    if (message.source === '^$') t.same(found, [], `${key}=${value} is fine`);
    else {
      t.match(found, [{ key, line: 3, source: 'file', message }], `${key}=${value}`);
      t.equal(found.length, 1);
    }
  }
});

t.test('all problems are named at once, wherever they come from', async (t) => {
  const found = problems('WEB_PORT=x\nnonsense\nFSYNC=maybe\n', {
    environment: { NIGHTSHIFT_LOG_LEVEL: 'loud' },
    flags: { WEB_HOST: ':' },
  });
  t.same(
    found.map((problem) => describeProblem(problem, 'nightshift.env').split(' must')[0]).sort(),
    [
      'command line: --host',
      'environment: NIGHTSHIFT_LOG_LEVEL',
      'nightshift.env line 1: WEB_PORT',
      'nightshift.env line 2: is neither KEY=value nor a comment that begins with #',
      'nightshift.env line 3: FSYNC',
    ].sort(),
  );
});

t.test('an unknown key stops nothing and is pointed out, with the name that was probably meant', async (t) => {
  t.match(strangers('\nWEB_PROT=80'), [{ key: 'WEB_PROT', line: 2, message: /did you mean WEB_PORT/ }]);
  t.match(strangers('web_port=80'), [{ message: /did you mean WEB_PORT/ }]);
  t.match(strangers('NIGHTSHIFT_FSYNC=no'), [{ message: /did you mean FSYNC/ }]);
  t.match(strangers('AGING=10m'), [{ message: /did you mean AGEING/ }]);
  t.match(strangers('COMPLETELY_ELSE=1'), [{ message: /begin with HANDLER_/ }]);
  const dir = await dataDir(t);
  await writeFile(join(dir, 'nightshift.env'), 'WORKERS=3\nWEB_PROT=80\n');
  const { settings, health } = await load(dir);
  t.equal(settings.workers, 3);
  t.match(health, [
    { code: 'settings_unknown:WEB_PROT', severity: 'warning', message: /line 2: WEB_PROT .*did you mean WEB_PORT/ },
  ]);
  t.match(problems('', { flags: { WEB_PROT: '1' } }), [{ key: 'WEB_PROT', source: 'flag' }]);
});

t.test('an unknown variable of the environment is pointed out and stops nothing', async (t) => {
  const environment = { NIGHTSHIFT_WEB_PROT: '80', NIGHTSHIFT_DATA: '/x', NIGHTSHIFT_TASK_ID: 'x', PATH: '/bin' };
  const { health, settings } = await load(await dataDir(t), { environment });
  t.equal(settings.webPort, 8421);
  t.match(health, [{ code: 'settings_unknown:WEB_PROT', message: /NIGHTSHIFT_WEB_PROT .*did you mean WEB_PORT/ }]);
});

t.test('feature flags are true or false, whatever their name', async (t) => {
  const parsed = parseSettings(
    given('FLAG_A=true\nFLAG_NEW_PLAYER_2=false\n', { environment: { NIGHTSHIFT_FLAG_B: 'true' } }),
  );
  t.ok(parsed.ok);
  if (!parsed.ok) return;
  t.same(
    [...parsed.value.settings.flags],
    [
      ['A', true],
      ['NEW_PLAYER_2', false],
      ['B', true],
    ],
  );
  t.match(problems('FLAG_A=on'), [{ key: 'FLAG_A', line: 1, message: /must be true or false, not "on"/ }]);
  t.match(strangers('FLAG_x=true'), [{ key: 'FLAG_x' }]);
});

t.test('built-in schedules are moved by keys with a time of day', async (t) => {
  const parsed = parseSettings(given('TASK_BACKUP_TIME=04:30\n'));
  t.ok(parsed.ok);
  if (!parsed.ok) return;
  t.same([...parsed.value.settings.taskTimes], [['backup', '04:30']]);
  for (const wrong of ['4:30', '24:00', '03:00 PM', '03:60', 'nightly'])
    t.match(problems(`#\nTASK_BACKUP_TIME=${wrong}`), [
      { key: 'TASK_BACKUP_TIME', line: 2, message: /must be a time of day as HH:MM in 24 hours, e.g. 04:30, not "/ },
    ]);
  t.match(strangers('TASK_BACKPU_TIME=04:30'), [{ message: /did you mean TASK_BACKUP_TIME/ }]);
  t.match(strangers('TASK_SOMETHING_ELSE_TIME=04:30'), [{ message: /are moved by TASK_\w+_TIME, / }]);
});

t.test('keys of somebody’s own reach the texts', async (t) => {
  const parsed = parseSettings(
    given('HANDLER_PEM="-----BEGIN\nA=b\n-----END"\n', { environment: { NIGHTSHIFT_HANDLER_X: 'y' } }),
  );
  t.ok(parsed.ok);
  if (!parsed.ok) return;
  t.equal(parsed.value.texts.get('HANDLER_PEM'), '-----BEGIN\nA=b\n-----END');
  t.equal(parsed.value.texts.get('HANDLER_X'), 'y');
});

t.test('what others can reach needs a token', async (t) => {
  t.match(problems('WEB_HOST=0.0.0.0'), [{ key: 'WEB_HOST', line: 1, message: /set WEB_TOKEN/ }]);
  t.match(problems('', { flags: { WEB_HOST: '192.168.1.5' } }), [{ key: 'WEB_HOST', source: 'flag' }]);
  t.match(problems('', { flags: { WEB_HOST: 'nas' } }), [{ key: 'WEB_HOST', source: 'flag' }]);
  t.same(problems('WEB_TOKEN=0123456789abcdef', { flags: { WEB_HOST: '::' } }), []);
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) t.same(problems(`WEB_HOST=${host}`), [], host);
  t.match(problems('WEB_TOKEN=same\nWEB_READ_TOKEN=same'), [{ key: 'WEB_READ_TOKEN', line: 2 }]);
  const { health } = await load(await dataDir(t), { flags: { WEB_HOST: '0.0.0.0', WEB_TOKEN: 'short' } });
  t.match(health, [{ code: 'token_short' }]);
});

t.test('a wrong secret is never repeated', async (t) => {
  const [problem] = problems('WEB_TOKEN="geheim geheim"');
  t.ok(problem);
  t.notMatch(JSON.stringify(problem), /geheim/);
});

t.test('where the library is uploaded to is an address of a kind that is known, without a secret in it', async (t) => {
  for (const address of ['https://s3.example.org', 'webdav+http://nas:5005/dav', 'file:///mnt/music'])
    t.equal(good(`OBJECT_ENDPOINT=${address}`).objectEndpoint, address);
  for (const address of ['nas', 'ftp://nas', 'file://nas/music', 'https://s3.example.org/?key=geheim']) {
    t.equal(problems(`OBJECT_ENDPOINT=${address}`).length, 1, address);
  }
  const [problem] = problems('OBJECT_ENDPOINT=https://anna:geheim@s3.example.org');
  t.match(problem, { message: /no user and no password/ });
  t.notMatch(JSON.stringify(problem), /geheim/);
  t.equal(good('OBJECT_PREFIX="night shift/音乐"').objectPrefix, 'night shift/音乐');
  for (const prefix of ['/a', 'a/', '../a', 'a//b', 'a/..'])
    t.equal(problems(`OBJECT_PREFIX=${prefix}`).length, 1, prefix);
  t.equal(problems('OBJECT_BUCKET=a/b').length, 1);
  t.equal(problems('DOWNLOAD_CONCURRENCY=0').length, 1);
});

t.test('which keys are secret, for the file only, or wait for a restart', async (t) => {
  t.same(KEYS.filter(isSecret), ['WEB_TOKEN', 'WEB_READ_TOKEN', 'OBJECT_ACCESS_KEY', 'OBJECT_SECRET_KEY']);
  for (const key of [
    'COMMANDS',
    'ALLOW_SHELL',
    'LIBRARY_DIR',
    'ALLOW_PRIVATE_ADDRESSES',
    'BACKUP_PATHS',
    ...KEYS.filter((key) => /^(?:WEB|OBJECT)_/.test(key)),
    'SOURCES_FILE',
    ...KEYS.filter((key) => key.startsWith('WEB_')),
  ]) {
    t.ok(isFileOnly(key), `${key} only changes in the file`);
  }
  t.notOk(isFileOnly('LOG_LEVEL'));
  t.ok(isSecret('HANDLER_API_KEY') && isSecret('HANDLER_PASSWORD') && !isSecret('HANDLER_FOLDER'));
  t.ok(isFileOnly('HANDLER_FOLDER'));
  t.same(KEYS.filter(needsRestart), ['WEB_HOST', 'WEB_PORT', 'FSYNC', 'STARTUP_DELAY', 'SOURCES_FILE']);
  t.ok(
    isHandlerKey('HANDLER_A1') &&
      !isHandlerKey('HANDLER_') &&
      !isHandlerKey('HANDLER_a') &&
      !isHandlerKey('HANDLERS_DIR') &&
      !isHandlerKey('HANDLER_OVERRIDES'),
  );
});

t.test('an env file that would be silently misread is refused with its line', async (t) => {
  const wrong: readonly [string | Uint8Array, number | null, RegExp][] = [
    ['A=1\nB\nC=2', 2, /neither KEY=value/],
    ['A: 1\nB=2', 1, /neither KEY=value/],
    ['A=1\nA=2', 2, /twice: already on line 1/],
    ['A=abc#def', 1, /put the value in quotes/],
    ['\nA="x" y', 2, /goes on after its closing "/],
    ["A='x", 1, /no ' at its end/],
    [new Uint8Array([65, 61, 0xff]), null, /UTF-8/],
    ['A=\0', null, /UTF-8/],
    ['#'.repeat(300_000), null, /at most 262144/],
  ];
  for (const [text, line, message] of wrong) {
    const { problems } = readEnvFile(Buffer.from(text));
    t.match(problems, [{ line, message }], message.source);
  }
});

t.test('whatever a well-formed env file holds is read, each key on its line', async (t) => {
  const key = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/);
  const plain = fc.stringMatching(/^[A-Za-z0-9 .,:/=@+-]{0,12}$/);
  const quoted = fc.tuple(fc.constantFrom('"', "'", '`'), fc.stringMatching(/^[A-Za-z0-9 #=.\n]{0,16}$/));
  const value = fc.oneof(
    plain.map((text) => ({ text, value: text.trim() })),
    quoted.map(([quote, text]) => ({ text: quote + text + quote, value: text })),
  );
  const assignment = fc
    .tuple(key, value, fc.constantFrom('', ' # note', '  '))
    .map(([key, { text, value }, tail]) => ({ key, text: `${key}=${text}${tail}`, value }));
  const filler = fc.constantFrom('', '# comment', '   # A=1', '\t').map((text) => ({ key: null, text, value: '' }));
  const file = fc.uniqueArray(fc.oneof(assignment, filler), { selector: ({ key }) => key ?? {}, maxLength: 12 });
  const holds = fc.property(file, fc.constantFrom('\n', '\r\n'), fc.boolean(), (parts, end, bom) => {
    const text = parts.map((part) => part.text).join(end);
    if (end === '\r\n' && parts.some(({ value }) => value.includes('\n'))) return;
    const { entries, problems } = readEnvFile(Buffer.from((bom ? '\ufeff' : '') + text));
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const read = Object.fromEntries(entries.map(({ key, value }) => [key, value]));
    const meant = parts.flatMap(({ key, value }) => (key === null ? [] : [[key, value]]));
    if (!isDeepStrictEqual(read, Object.fromEntries(meant))) throw new Error(JSON.stringify(read));
    for (const { key, line } of entries)
      if (!text.split('\n')[line - 1]?.startsWith(`${key}=`)) throw new Error(`${key} is not on line ${line}`);
  });
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 300 }));
});

t.test('the first start makes an env file only its owner can read, and keeps it as a revision', async (t) => {
  const dir = await dataDir(t);
  const { revision, health, notes, envFile } = await load(dir);
  t.equal(await readFile(envFile, 'utf8'), exampleFile());
  t.equal((await stat(envFile)).mode & 0o777, 0o600);
  t.equal((await stat(join(dir, 'revisions.json'))).mode & 0o777, 0o600);
  t.match(revision, { id: 'r1', by: 'file', at: '2026-11-22T03:00:00.000Z', keys: [] });
  t.same(health, []);
  t.equal(notes.length, 1);
  t.same((await readdir(dir)).sort(), ['nightshift.env', 'revisions.json']);
});

t.test('each changed content becomes one revision that names the changed keys', async (t) => {
  const dir = await dataDir(t);
  const env = join(dir, 'nightshift.env');
  await writeFile(env, 'FSYNC=no\nWORKERS=2\n');
  t.match((await load(dir)).revision, { id: 'r1', keys: ['FSYNC', 'WORKERS'] });
  t.match((await load(dir)).revision, { id: 'r1' }, 'the same again is no new one');
  await writeFile(env, 'FSYNC=no\nWORKERS=3\nAGEING=5m\n');
  t.match((await load(dir)).revision, { id: 'r2', keys: ['AGEING', 'WORKERS'] });
  t.same(changedKeys('A=1\nB=2', 'B=2\nC=3'), ['A', 'C']);
});

t.test('a typo and a power cut do not keep the box down', async (t) => {
  const dir = await dataDir(t);
  const env = join(dir, 'nightshift.env');
  await writeFile(env, 'WEB_PORT=9001\n');
  await load(dir);
  await writeFile(env, 'WEB_PORT=9oo1\nFSYNC=maybe\n');
  const { settings, revision, health } = await load(dir);
  t.equal(settings.webPort, 9001);
  t.match(revision, { id: 'r1' });
  t.match(health, [{ code: 'settings_wrong', severity: 'error', message: /line 1: WEB_PORT .*line 2: FSYNC / }]);
  t.equal(await readFile(env, 'utf8'), 'WEB_PORT=9oo1\nFSYNC=maybe\n', 'the file is left as it is');
  await writeFile(env, 'WEB_PORT=9002\n');
  t.match(await load(dir), { settings: { webPort: 9002 }, revision: { id: 'r2' }, health: [] });
});

t.test('wrong settings with nothing good to fall back to end with exit code 64, each problem named', async (t) => {
  const dir = await dataDir(t);
  await writeFile(join(dir, 'nightshift.env'), 'WEB_PORT=x\nFSYNC=maybe\n');
  const fault = await load(dir).catch((error) => error);
  t.ok(fault instanceof Fault);
  t.equal(fault.exitCode, 64);
  t.match(fault.message, /line 1: WEB_PORT[\s\S]*line 2: FSYNC/);
});

t.test('the last good revision does not excuse a wrong command line or environment', async (t) => {
  const dir = await dataDir(t);
  await load(dir);
  await t.rejects(load(dir, { flags: { WEB_PORT: 'x' } }), { exitCode: 64, message: /command line: --port must be/ });
  await t.rejects(load(dir, { environment: { NIGHTSHIFT_FSYNC: 'x' } }), { exitCode: 64, message: /NIGHTSHIFT_FSYNC/ });
  await t.rejects(load(dir, { envFile: join(dir, 'none.env') }), { exitCode: 64, message: /none\.env does not exist/ });
});

t.test('another env file has revisions of its own', async (t) => {
  const dir = await dataDir(t);
  await load(dir);
  const envFile = join(dir, 'other.env');
  await writeFile(envFile, 'WORKERS=x\n');
  await t.rejects(
    load(dir, { envFile }),
    { exitCode: 64, message: /WORKERS/ },
    'the good revision of another file is none of this one',
  );
  await writeFile(envFile, 'WORKERS=3\n');
  t.match(await load(dir, { envFile }), { settings: { workers: 3 }, revision: { file: envFile } });
});

t.test('a revisions file cut off anywhere is moved to quarantine and the start goes on', async (t) => {
  const dir = await dataDir(t);
  const path = join(dir, 'revisions.json');
  await writeFile(join(dir, 'nightshift.env'), 'WORKERS=3\n');
  await load(dir);
  const whole = await readFile(path, 'utf8');
  for (const length of [0, 1, 20, Math.floor(whole.length / 2), whole.length - 3]) {
    await writeFile(path, whole.slice(0, length));
    const { health, settings } = await load(dir, { now: () => length * 1_000 });
    t.match(health, [{ code: 'revisions_damaged', message: /quarantine/ }], `cut to ${length} bytes`);
    t.equal(settings.workers, 3);
  }
  t.equal((await readdir(join(dir, 'quarantine'))).length, 5, 'each is kept as evidence');
  await writeFile(path, whole.replace('WORKERS=3', 'WORKERS=4'));
  t.match((await load(dir)).health, [{ code: 'revisions_damaged' }], 'a content that does not fit its hash is damage');
});

t.test('revisions are bounded, and the numbers go on', async (t) => {
  const dir = await dataDir(t);
  const options = { path: join(dir, 'revisions.json'), quarantineDir: join(dir, 'quarantine'), now: () => 0 };
  const revisions = await Revisions.open(options);
  for (let number = 1; number <= revisionsMax + 3; number++)
    await revisions.keep('nightshift.env', `WORKERS=${number}\n`);
  const again = await Revisions.open(options);
  t.equal(again.all.length, revisionsMax);
  t.equal(again.all[0]?.id, 'r4');
  t.equal(again.last('nightshift.env')?.id, `r${revisionsMax + 3}`);
});

t.test('a data folder that cannot be written is exit code 72', async (t) => {
  const dir = await dataDir(t);
  await t.rejects(load(join(dir, 'missing')), { exitCode: 72, message: /ENOENT/ });
});
