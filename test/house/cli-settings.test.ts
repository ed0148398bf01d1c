/** The command line on settings, feature flags and handlers of one's own. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startSupervisor } from '../../examples/demo/supervisor-process.ts';
import { commandLine } from '../helpers/command-line.ts';

const { folder, nightshift } = commandLine(t);

t.test('settings and flags are shown, changed, compared and brought back', async (t) => {
  const data = mkdtempSync(join(folder, 'settings-'));
  writeFileSync(join(data, 'nightshift.env'), 'WORKERS=2\nHANDLER_API_KEY=hidden-from-all\n');
  const supervisor = await startSupervisor(data, {});
  t.teardown(() => supervisor.stop());
  const env: Record<string, string> = { NIGHTSHIFT_DATA: data };
  const run = (...words: string[]) => nightshift(words, { env });
  const file = () => readFileSync(join(data, 'nightshift.env'), 'utf8');

  const all = await run('settings', 'show');
  t.match(all, { code: 0, out: /^WORKERS +2 +file$/m });
  t.notMatch(all.out, 'hidden-from-all');
  t.match(await run('settings', 'show', 'WORKERS'), { out: /allowed +auto .*or 1 to 64[\s\S]*worker/i });
  t.match(await run('settings', 'show', 'WORKRES'), { code: 64, err: /no setting WORKRES/ });

  const changed = await run('settings', 'edit', 'WORKERS=3', 'LOG_LEVEL=debug', '--note', 'for tonight');
  t.match(changed, { code: 0, out: /^revision r2 in force: LOG_LEVEL, WORKERS$/m });
  t.match(file(), /^WORKERS=3$/m);
  t.match(await run('settings', 'edit', 'WORKERS=many'), { code: 1, err: /WORKERS must be auto or a whole number/ });
  t.match(await run('settings', 'edit', 'COMMANDS=a=/bin/a'), { code: 1, err: /changed in .*nightshift\.env only/ });
  t.match(await run('settings', 'edit', 'WORKERS'), { code: 64, err: /write KEY=VALUE/ });
  t.match(await run('settings', 'edit', '--unset', 'LOG_LEVEL'), { code: 0, out: /r3 in force: LOG_LEVEL/ });
  t.match(await run('settings', 'edit', 'FSYNC=everysec'), { out: /from the next start on: FSYNC/ });

  t.match(await run('settings', 'revisions'), { out: /^r2 .* cli +LOG_LEVEL, WORKERS +for tonight$/m });
  t.match(await run('settings', 'revisions', 'r2'), {
    out: /r2 against r1\n\+ LOG_LEVEL=debug\n- WORKERS=2\n\+ WORKERS=3/,
  });
  t.match(await run('settings', 'apply', 'r1', '--note', 'as it was'), { code: 0, out: /^revision r5 in force/m });
  t.equal(file(), 'WORKERS=2\nHANDLER_API_KEY=hidden-from-all\n');
  t.match(await run('settings', 'apply', 'r77'), { code: 1, err: /no revision r77/ });

  t.match(await run('flags'), { out: /^LIBRARY_COLLECT +off \(not set\) +schedule library-collect$/m });
  t.match(await run('flags', 'NIGHT_SYNC', 'on'), { code: 0, out: /NIGHT_SYNC is on/ });
  t.match(await run('flags'), { out: /^NIGHT_SYNC +on$/m });
  t.match(await run('flags', 'NIGHT_SYNC', 'unset'), { out: /NIGHT_SYNC is off \(not set\)/ });
  t.match(await run('flags', 'night', 'on'), { code: 1, err: /capital letters/ });
  t.match(await run('flags', 'A', 'maybe'), { code: 64, err: /on, off, unset/ });
});

t.test('the env file is edited in the editor of whoever asks, and what came of it is told', async (t) => {
  const data = mkdtempSync(join(folder, 'by-hand-'));
  writeFileSync(join(data, 'nightshift.env'), 'WORKERS=2\n');
  const supervisor = await startSupervisor(data, {});
  t.teardown(() => supervisor.stop());
  const edit = (EDITOR: string) => nightshift(['settings', 'edit'], { env: { NIGHTSHIFT_DATA: data, EDITOR } });
  t.match(await edit(`sed -i -e s/WORKERS=2/WORKERS=3/`), { code: 0, out: /revision r2 in force: WORKERS/ });
  t.match(await edit(`sed -i -e s/WORKERS=3/WORKERS=x/`), {
    code: 1,
    err: /not taken, the last good settings stay in force: .*line 1: WORKERS must be/,
  });
  t.match(await edit(`sed -i -e s/WORKERS=x/WORKERS=4/`), { code: 0, out: /revision r3 in force: WORKERS/ });
  t.match(await edit('true'), { code: 0, out: /revision r3 in force/ }, 'nothing was changed');
  t.match(await edit('false'), { code: 64, err: /exit code 1/ });
  t.match(await edit(''), { code: 64, err: /set EDITOR/ });
});

t.test('a handler is tried without a supervisor: its log, its end, and whether it would be tried again', async (t) => {
  const file = join(folder, 'tried.mjs');
  writeFileSync(
    file,
    `import { Permanent, RetryAfter } from 'nightshift/handler';
    export default { type: 'tried', settings: ['HANDLER_CITY'], async run(params, ctx) {
      ctx.log.info('in', ctx.settings.HANDLER_CITY);
      ctx.progress(1, 2, 'half');
      if (params.again) throw new RetryAfter('10m');
      if (params.gone) throw new Permanent('gone');
      await ctx.submit({ type: 'next' });
      ctx.checkpoint(ctx.resume ?? 'begun');
      if (params.hang) await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
      return { attempt: ctx.attempt, params };
    } };\n`,
  );
  const test = (...words: string[]) => nightshift(['handler', 'test', file, ...words]);
  const good = await test(
    '--params',
    '{"a":1}',
    '--setting',
    'HANDLER_CITY=Rome',
    '--attempt',
    '2',
    '--resume',
    '"half"',
  );
  t.equal(good.code, 0);
  t.same(JSON.parse(good.out), { attempt: 2, params: { a: 1 } }, 'its result stands alone on standard output');
  t.match(good.err, /info +in Rome\n[\s\S]*1\/2 half[\s\S]*would have submitted [\s\S]*its checkpoint: "half"/);
  t.match(await test('--params', '{"again":true}'), { code: 1, err: /would be tried again in 600000 ms/ });
  t.match(await test('--params', '{"gone":true}'), { code: 1, err: /failed: .*gone[\s\S]*would not be tried again/ });
  t.match(await test('--params', '{"hang":true}', '--timeout', '50ms'), { code: 1, err: /timed_out/ });
  t.match(JSON.parse((await test('--json')).out), { outcome: 'succeeded', submitted: [{ type: 'next' }] });
  t.match(await nightshift(['handler', 'test', 'nowhere.mjs']), { code: 64, err: /does not exist/ });
  t.match(await test('--setting', 'CITY'), { code: 64, err: /KEY=VALUE/ });
  writeFileSync(join(folder, 'none.mjs'), 'export const x = 1;');
  t.match(await nightshift(['handler', 'test', join(folder, 'none.mjs')]), {
    code: 64,
    err: /no handler: exports no handler/,
  });
});
