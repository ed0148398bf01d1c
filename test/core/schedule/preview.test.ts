import t from 'tap';
import { previewTimesMax } from '../../../supervisor/core/limits.ts';
import { offsetText } from '../../../supervisor/core/schedule/local-time.ts';
import { preview } from '../../../supervisor/core/schedule/preview.ts';
import { sentenceOf } from '../../../supervisor/core/schedule/sentence.ts';
import type { When } from '../../../supervisor/core/schedule/when.ts';
import { utc } from './intl-clock.ts';

t.test('a preview shows instants, local times with their offset, notes and a sentence', async (t) => {
  const shown = preview({ kind: 'daily', at: '02:30' }, 'America/New_York', utc('2026-03-07T00:00:00'), 3);
  t.same(
    shown.next.map(({ local, offset }) => `${local} ${offset}`),
    ['2026-03-07 02:30:00 -05:00', '2026-03-08 03:00:00 -04:00', '2026-03-09 02:30:00 -04:00'],
  );
  t.equal(shown.next[0]?.at, utc('2026-03-07T07:30:00'));
  t.same(
    shown.next.map(({ note }) => note !== undefined),
    [false, true, false],
  );
  t.equal(shown.sentence, 'Every day at 02:30 in America/New_York');
});

t.test('a preview ends where the rule or the limit does', async (t) => {
  t.equal(preview({ kind: 'once', at: '2026-12-01T08:00:00' }, 'UTC', utc('2026-01-01T00:00:00'), 10).next.length, 1);
  t.equal(preview({ kind: 'daily', at: '02:30' }, 'UTC', 0, 1_000_000).next.length, previewTimesMax);
  t.equal(preview({ kind: 'daily', at: '02:30' }, 'UTC', 0, 0).next.length, 0);
});

t.test('an offset is written with its sign', async (t) => {
  t.same(
    [0, 8, -3.5, 5.75, 14].map((hours) => offsetText(hours * 3_600_000)),
    ['+00:00', '+08:00', '-03:30', '+05:45', '+14:00'],
  );
});

t.test('a rule is said in plain words', async (t) => {
  const rules: readonly (readonly [When, string])[] = [
    [
      { kind: 'weekly', days: ['mon', 'wed', 'fri'], at: '04:00' },
      'Every Monday, Wednesday and Friday at 04:00 in Asia/Shanghai',
    ],
    [{ kind: 'monthly', day: 1, at: '04:00' }, 'On day 1 of every month at 04:00 in Asia/Shanghai'],
    [{ kind: 'monthly', day: 31, at: '04:00' }, 'On day 31 of every month that has one at 04:00 in Asia/Shanghai'],
    [{ kind: 'monthly', day: 'last', at: '04:00:30' }, 'On the last day of every month at 04:00:30 in Asia/Shanghai'],
    [
      { kind: 'interval', every: '6h', anchor: '2026-01-01T00:00:00Z' },
      'Every 6 hours from 2026-01-01 at 08:00 in Asia/Shanghai',
    ],
    [{ kind: 'interval', every: '90m' }, 'Every 90 minutes'],
    [{ kind: 'interval', every: '1d' }, 'Every day, counted in hours'],
    [{ kind: 'once', at: '2026-12-01T08:00:00' }, 'Once, on 2026-12-01 at 08:00 in Asia/Shanghai'],
  ];
  for (const [when, sentence] of rules) t.equal(sentenceOf(when, 'Asia/Shanghai'), sentence);
});

t.test('a cron expression is said in plain words, the common forms well, the rest fairly', async (t) => {
  const table: Readonly<Record<string, string>> = {
    '0 2 * * *': 'Every day at 02:00',
    '*/15 * * * *': 'Every 15 minutes',
    '* * * * *': 'Every minute',
    '5 * * * *': 'Every hour at minute 5',
    '0 */6 * * *': 'Every 6 hours',
    '30 1,2 * * *': 'Every day at 01:30 and 02:30',
    '0 9-17 * * 1-5': 'Every hour from 09:00 to 17:00, every Monday to Friday,',
    '*/15 9-17 * * *': 'Every 15 minutes from 09:00 to 17:45',
    '0 0 1,15 * *': 'On days 1 and 15 of every month at 00:00',
    '0 0 13 * 5': 'On day 13 of every month and also every Friday at 00:00',
    '0 0 */2 * 1': 'Every Monday that falls on days 1, 3, 5 and so on to 31 of the month at 00:00',
    '0 0 * 2 1#5': 'On the fifth Monday of February at 00:00',
    '0 8 * * 6,0': 'Every Saturday and Sunday at 08:00',
    '0 12 1 1,7 *': 'On day 1 of January and July at 12:00',
    '0 0 L * *': 'On the last day of every month at 00:00',
    '@weekly': 'Every Sunday at 00:00',
    '*/20 * * * * *': 'Every 20 seconds',
    '*/7 1,3 * * *': 'At minutes 0, 7, 14 and so on to 56 of hours 1 and 3',
  };
  for (const [expression, sentence] of Object.entries(table))
    t.equal(sentenceOf({ kind: 'cron', expression }, 'UTC'), `${sentence} in UTC`, expression);
});
