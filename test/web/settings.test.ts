/** Settings, revisions and feature flags over HTTP: what is shown, what may be changed, and by whom. */
import t, { type Test } from 'tap';
import { LATER_KEYS } from '../../supervisor/settings/later.ts';
import { ROWS } from '../../supervisor/settings/settings.ts';
import type { FlagView, RevisionView, SettingsView } from '../../supervisor/settings-facade.ts';
import { openDesk } from '../helpers/desk.ts';
import { serve } from './serve.ts';

const SECRET = 'a-secret-of-some-length';
const token = 'token-of-the-owner-0123';
const owner = { authorization: `Bearer ${token}` };
const path = '/api/v1/settings';

async function bed(t: Test, text = '', handlers?: Parameters<typeof openDesk>[1]) {
  const desk = await openDesk(text, handlers);
  t.teardown(() => desk.end());
  return { ...desk, ...(await serve(t, { desk: desk.desk, token })) };
}

t.test('every setting is shown with what is allowed, and no secret ever leaves', async (t) => {
  const here = await bed(t, `WEB_READ_TOKEN=${SECRET}\nHANDLER_API_KEY=${SECRET}2\nHANDLER_CITY=Köln\nWORKERS=3\n`);
  const { status, json } = await here.call('GET', path);
  t.equal(status, 200);
  const { settings, problems, revision } = json as SettingsView;
  t.same(
    ROWS.map(({ key }) => key).filter((key) => !settings[key]),
    [],
  );
  t.match(settings['WORKERS'], { value: '3', source: 'file', limits: /1 to 64/, fileOnly: false, needsRestart: false });
  t.match(settings['WEB_READ_TOKEN'], { value: '••••••••', secret: true, fileOnly: true });
  t.match(settings['HANDLER_API_KEY'], { value: '••••••••', secret: true });
  t.match(settings['HANDLER_CITY'], { value: 'Köln', secret: false });
  t.match(settings['WEB_TOKEN'], { value: '', secret: true }, 'one that is not set is not masked');
  t.same(problems, []);

  await here.live.look();
  await here.call('PUT', path, { changes: { WORKERS: '4' } }, owner);
  for (const where of ['', '/revisions', `/revisions/${revision?.id}/diff`, '/revisions/r2/diff']) {
    const { text } = await here.call('GET', path + where, undefined, owner);
    t.notMatch(text, new RegExp(SECRET), where);
  }
  t.match((await here.call('GET', `${path}/revisions/r1/diff`)).json, {
    against: null,
    differences: [
      { key: 'HANDLER_API_KEY', before: null, after: '••••••••' },
      { key: 'HANDLER_CITY', before: null, after: 'Köln' },
    ],
  });
});

t.test('a change is written into the file, comments and all else left alone, and becomes a revision', async (t) => {
  const here = await bed(t, '# mine\nWORKERS=2 # two\nLOG_LEVEL=info\n');
  const changed = await here.call(
    'PUT',
    path,
    { changes: { WORKERS: '3', LOG_LEVEL: null, LIMITS: 'type:a=1' }, note: 'for the night' },
    owner,
  );
  t.equal(changed.status, 200);
  t.match(changed.json, {
    revision: { id: 'r2', by: 'api', note: 'for the night', keys: ['LIMITS', 'LOG_LEVEL', 'WORKERS'] },
    settings: { WORKERS: { value: '3' }, LOG_LEVEL: { value: 'info', source: 'default' } },
  });
  t.equal(await here.content(), '# mine\nWORKERS=3\nLIMITS=type:a=1\n');
  t.equal(here.live.settings.workers, 3);
  t.match(here.adopted, [{ keys: ['LIMITS', 'WORKERS'] }]);
  const { json } = await here.call('GET', `${path}/revisions`);
  const { items, total } = json as { items: RevisionView[]; total: number };
  t.same([total, items.map(({ id }) => id)], [2, ['r2', 'r1']]);
  t.match(items[0]?.from, /^127\.0\.0\.1 \(token\)$/);
});

t.test('who changed it is written down: a page sends Origin, the command line says its name', async (t) => {
  const here = await bed(t);
  const cli = await here.call(
    'PUT',
    path,
    { changes: { WORKERS: '3' } },
    { ...owner, 'user-agent': 'nightshift-cli/1' },
  );
  t.match(cli.json, { revision: { by: 'cli' } });
  const origin = new URL(here.server.url).origin;
  const page = await here.call('PUT', path, { changes: { WORKERS: '4' } }, { ...owner, origin });
  t.match(page.json, { revision: { by: 'page' } });
});

t.test('what grants execution, paths or reach is refused, whatever else is changed with it', async (t) => {
  const here = await bed(t);
  const keys = [...ROWS.filter((row) => row.fileOnly).map(({ key }) => key), ...LATER_KEYS, 'HANDLER_ANYTHING'];
  t.ok(keys.length > 25);
  const page = { ...owner, origin: new URL(here.server.url).origin };
  for (const key of keys)
    for (const [value, headers] of [
      ['1', owner],
      [null, owner],
      ['1', page],
    ] as const) {
      const refused = await here.call('PUT', path, { changes: { [key]: value, WORKERS: '3' } }, headers);
      t.match(
        [refused.status, refused.json],
        [403, { code: 'forbidden', errors: [{ path: `$.changes.${key}` }] }],
        key,
      );
    }
  t.equal(await here.content(), '');
});

t.test('wrong changes are refused with their place, and nothing is changed', async (t) => {
  const here = await bed(t);
  const wrong: readonly [unknown, RegExp, string?][] = [
    [{ changes: { WORKERS: 'many' } }, /WORKERS must be auto or a whole number/, '$.changes.WORKERS'],
    [{ changes: { WORKRES: '3' } }, /did you mean WORKERS/, '$.changes.WORKRES'],
    [{ changes: { WORKERS: 3 } }, /must be text/, '$.changes.WORKERS'],
    [{ changes: { LIMITS: 'x'.repeat(20_000) } }, /at most 16384 characters/, '$.changes.LIMITS'],
    [{ changes: { LIMITS: `a"b'c\`` } }, /all kinds of quotes/],
    [{ changes: { FLAG_A: 'yes' } }, /must be true or false/, '$.changes.FLAG_A'],
    [{ changes: {} }, /must name 1 to/, '$.changes'],
    [{ changes: [] }, /must be an object/, '$.changes'],
    [{}, /must be an object/, '$.changes'],
    [{ changes: { WORKERS: '3' }, note: 7 }, /must be text/, '$.note'],
    [{ changes: { WORKERS: '3' }, apply: true }, /is not known here/, '$.apply'],
    [[], /must be an object/, '$'],
  ];
  for (const [body, detail, place] of wrong) {
    const { status, json } = await here.call('PUT', path, body, owner);
    t.match([status, json], [400, { code: 'validation', detail, ...(place && { errors: [{ path: place }] }) }]);
  }
  t.equal(await here.content(), '');
  t.equal((await here.call('GET', `${path}/revisions`)).json.total, 1);
});

t.test('two who change the same thing are told apart by the revision they have seen', async (t) => {
  const here = await bed(t);
  const change = (tag: string, workers: string) =>
    here.call('PUT', path, { changes: { WORKERS: workers } }, { ...owner, 'if-match': tag });
  t.equal((await change('"r1"', '3')).status, 200);
  t.match(await change('"r1"', '4'), { status: 412, json: { code: 'precondition_failed', detail: /r2 is in force/ } });
  t.equal((await change('*', '4')).status, 200);
  t.match(await change('r3', '5'), { status: 400, json: { code: 'validation', detail: /in quotes/ } });
});

t.test('settings are changed by whoever has a token, not by whoever is on this machine', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  const calls: readonly [string, string, unknown][] = [
    ['PUT', path, { changes: { WORKERS: '3' } }],
    ['POST', `${path}/revisions/r1/apply`, {}],
    ['PATCH', '/api/v1/flags/A', { on: true }],
  ];
  for (const [method, where, body] of calls) {
    t.match(await here.call(method, where, body), { status: 401, json: { code: 'unauthorized' } }, where);
  }
  t.equal((await here.call('GET', path)).status, 200, 'to look is free');
  t.equal(await here.content(), 'WORKERS=2\n');
});

t.test('an older revision comes back as a new one, but not what only the file may change', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  await here.call('PUT', path, { changes: { WORKERS: '3' } }, owner);
  const back = await here.call('POST', `${path}/revisions/r1/apply`, { note: 'too many' }, owner);
  t.match(back, { status: 200, json: { revision: { id: 'r3', by: 'apply', note: 'too many' } } });
  t.equal(await here.content(), 'WORKERS=2\n');
  t.match((await here.call('GET', `${path}/revisions/r1/diff?against=r2`)).json, {
    against: 'r2',
    differences: [{ key: 'WORKERS', before: '3', after: '2' }],
  });
  for (const [method, where] of [
    ['POST', `${path}/revisions/r99/apply`],
    ['GET', `${path}/revisions/r99/diff`],
    ['GET', `${path}/revisions/r1/diff?against=r99`],
  ] as const)
    t.match(await here.call(method, where, method === 'POST' ? {} : undefined, owner), { status: 404 }, where);
});

t.test('revisions come a page at a time', async (t) => {
  const here = await bed(t);
  for (let workers = 2; workers < 7; workers++)
    await here.call('PUT', path, { changes: { WORKERS: String(workers) } }, owner);
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { json } = await here.call('GET', `${path}/revisions?limit=2${cursor && `&cursor=${cursor}`}`);
    const { items, next } = json as { items: RevisionView[]; next: string | null };
    seen.push(...items.map(({ id }) => id));
    cursor = next;
  }
  t.same(seen, ['r6', 'r5', 'r4', 'r3', 'r2', 'r1']);
});

t.test('a feature flag is off until somebody switches it on, and says what depends on it', async (t) => {
  const here = await bed(t, '', [
    { type: 'library.sync', flag: 'NIGHT_SYNC' },
    { type: 'echo', flag: null },
  ]);
  const flags = async () => (await here.call('GET', '/api/v1/flags')).json.items as FlagView[];
  t.same(await flags(), [{ name: 'NIGHT_SYNC', on: false, set: false, types: ['library.sync'], schedules: [] }]);
  const on = await here.call('PATCH', '/api/v1/flags/NIGHT_SYNC', { on: true, note: 'try it' }, owner);
  t.match(on, { status: 200, json: { flag: { name: 'NIGHT_SYNC', on: true, set: true } } });
  t.equal(await here.content(), 'FLAG_NIGHT_SYNC=true\n');
  t.match(here.adopted.at(-1), { switched: [{ flag: 'NIGHT_SYNC', on: true }], revision: { note: 'try it' } });
  t.match(await here.call('PATCH', '/api/v1/flags/NIGHT_SYNC', { on: null }, owner), {
    json: { flag: { on: false, set: false } },
  });
  t.match(await here.call('PATCH', '/api/v1/flags/night', { on: true }, owner), {
    status: 400,
    json: { detail: /capital/ },
  });
  t.match(await here.call('PATCH', '/api/v1/flags/A', { on: 'yes' }, owner), {
    status: 400,
    json: { detail: /\$\.on must be/ },
  });
});

t.test('a file with a mistake is named with its line, and cannot be changed from here until it is right', async (t) => {
  const here = await bed(t, 'WORKERS=2\n');
  const { writeFile } = await import('node:fs/promises');
  await writeFile(here.file, 'WORKERS=2\nLIMITS=nonsense\n');
  await here.live.look();
  t.match((await here.call('GET', path)).json, {
    problems: [{ key: 'LIMITS', line: 2 }],
    settings: { WORKERS: { value: '2' } },
  });
  t.match(await here.call('PUT', path, { changes: { WORKERS: '3' } }, owner), {
    status: 400,
    json: { detail: /line 2: LIMITS/ },
  });
  t.equal((await here.call('PUT', path, { changes: { LIMITS: null } }, owner)).status, 200, 'but for what mends it');
  t.match((await here.call('GET', path)).json, { problems: [] });
});

t.test('a flag is listed with the schedules that depend on it, also when nobody has set it', async (t) => {
  const handlers = [{ type: 'library.sync', flag: 'NIGHT_SYNC' }];
  const schedules = [
    { name: 'nightly', flag: 'NIGHT_SYNC' },
    { name: 'weekly', flag: 'NIGHT_SYNC' },
    { name: 'feed', flag: 'FEED' },
    { name: 'backup', flag: null },
  ];
  const desk = await openDesk('', handlers, { schedules });
  t.teardown(() => desk.end());
  t.same(desk.desk.flags(), [
    { name: 'FEED', on: false, set: false, types: [], schedules: ['feed'] },
    { name: 'NIGHT_SYNC', on: false, set: false, types: ['library.sync'], schedules: ['nightly', 'weekly'] },
  ]);
});
