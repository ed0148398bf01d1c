import t from 'tap';
import { readCron } from '../../../supervisor/core/schedule/cron.ts';
import { plannedBetween } from '../../../supervisor/core/schedule/next.ts';
import { checkWhen, zoneMistake } from '../../../supervisor/core/schedule/when.ts';
import { canonicalZone, isZone } from '../../../supervisor/core/schedule/zone.ts';
import { utc, utcText } from './intl-clock.ts';

/** Each mistake as `member: message`. */
function mistakes(value: unknown, minIntervalMs?: number): string[] {
  const checked = checkWhen(value, minIntervalMs === undefined ? {} : { minIntervalMs });
  return checked.ok ? [] : checked.mistakes.map(({ path, message }) => `${path.replace('$.when.', '')}: ${message}`);
}

t.test('a rule that is right is kept as it was written, its weekdays in order', async (t) => {
  for (const when of [
    { kind: 'daily', at: '02:00' },
    { kind: 'daily', at: '23:59:59' },
    { kind: 'monthly', day: 31, at: '04:00' },
    { kind: 'monthly', day: 'last', at: '04:00' },
    { kind: 'interval', every: '6h', anchor: '2026-01-01T00:00:00Z' },
    { kind: 'interval', every: 'PT10M' },
    { kind: 'cron', expression: '0 2 * * *' },
    { kind: 'once', at: '2026-12-01T08:00:00' },
    { kind: 'once', at: '2026-12-01T08:00+05:45' },
  ])
    t.same(checkWhen(when), { ok: true, value: when });
  const weekly = checkWhen({ kind: 'weekly', days: ['fri', 'mon', 'fri'], at: '04:00' });
  t.same(weekly, { ok: true, value: { kind: 'weekly', days: ['mon', 'fri'], at: '04:00' } });
});

t.test('a mistake names its member and what would be right', async (t) => {
  const table: readonly (readonly [unknown, readonly RegExp[]])[] = [
    [undefined, [/is required: say when, e\.g\. \{/]],
    [null, [/must be an object such as .* not null/]],
    ['daily', [/must be an object/]],
    [{}, [/^kind: is required; known are daily, weekly/]],
    [{ kind: 'dayly' }, [/^kind: .*did you mean "daily"/]],
    [{ kind: 'constructor' }, [/^kind: is not known/]],
    [{ kind: 'daily' }, [/^at: is required: the time of day, e\.g\. "02:00"/]],
    ...['25:00', '2:0', '2 PM', '2:00', '24:00', '02:60', '02:00:60', '', '02:00 ', 7].map(
      (at) => [{ kind: 'daily', at }, [/^at: must be a time of day in 24 hours, HH:MM/]] as const,
    ),
    [{ kind: 'daily', at: '02:00', day: 1 }, [/^day: is not a member of "daily"; .*known are kind, at/]],
    [{ kind: 'weekly', days: [], at: '02:00' }, [/^days: must name at least one weekday of mon, .* not an empty list/]],
    [
      { kind: 'weekly', days: ['Monday', 8], at: '2' },
      [/^days\[0\]: .*did you mean "mon"/, /^days\[1\]: must be one of mon/, /^at:/],
    ],
    [{ kind: 'monthly', day: 32, at: '02:00' }, [/^day: must be a day from 1 to 31, or "last"/]],
    [{ kind: 'monthly', day: 0, at: '02:00' }, [/^day: /]],
    [{ kind: 'monthly', day: 1.5, at: '02:00' }, [/^day: /]],
    [{ kind: 'interval', every: '4m' }, [/^every: must be at least 5m, not "4m"/]],
    [{ kind: 'interval', every: 300_000 }, [/^every: must be a duration/]],
    [{ kind: 'interval', every: '4000d' }, [/^every: must be at most ten years/]],
    [{ kind: 'interval', every: '6h', anchor: 'soon' }, [/^anchor: must be a time such as/]],
    [{ kind: 'interval', every: '6h', ancor: '2026-01-01T00:00:00Z' }, [/^ancor: .*did you mean "anchor"/]],
    [{ kind: 'once', at: '2027-02-30T02:30:00' }, [/^at: names a day that does not exist: there is no 2027-02-30$/]],
    [
      { kind: 'cron', expression: '0 2 * * sat-mon' },
      [/^expression: weekday "sat-mon": the range sat-mon ends before it begins: write sat-7,0-mon$/],
    ],
    [{ kind: 'once', at: '2026-12-01T25:00:00' }, [/^at: /]],
    [{ kind: 'once', at: '2026-12-01T08:00:00+25:00' }, [/^at: /]],
    [{ kind: 'once', at: '2026-12-01' }, [/^at: /]],
    [{ kind: 'cron', expression: 5 }, [/^expression: must be a cron expression such as/]],
  ];
  for (const [value, expected] of table) {
    const found = mistakes(value);
    t.equal(found.length, expected.length, JSON.stringify(value));
    for (const [index, pattern] of expected.entries()) t.match(found[index], pattern);
  }
  t.match(mistakes({ kind: 'interval', every: '59s' }, 60_000)[0], /at least 1m/);
  t.same(mistakes({ kind: 'interval', every: '1m' }, 60_000), []);
  t.match(mistakes({ kind: 'interval', every: '0s' }, 0)[0], /at least 1ms/, 'an interval of nothing never ends');
});

t.test('a cron expression that is wrong is refused before it is expanded, by its field', async (t) => {
  const table: readonly (readonly [string, RegExp])[] = [
    ['', /^is empty: give five/],
    ['   ', /^is empty/],
    ['* * * *', /^has 4 fields: give five .* or six/],
    ['* * * * * * *', /^has 7 fields/],
    ['0 0 1--100000000 * *', /^day of month "1--100000000": .*a range 1-31/],
    ['0 0 1-100000000 * *', /^day of month/],
    ['0-99 * * * *', /^minute "0-99": 99 is not from 0 to 59/],
    ['60 * * * *', /^minute "60": 60 is not from 0 to 59/],
    ['0 24 * * *', /^hour "24": 24 is not from 0 to 23/],
    ['0 0 0 * *', /^day of month "0": 0 is not from 1 to 31/],
    ['0 0 * 13 *', /^month "13"/],
    ['0 0 * * 8', /^weekday "8": 8 is not from 0 to 7/],
    ['60 0 0 * * *', /^second "60"/],
    ['*/90 * * * *', /^minute .*step 90 is not from 1 to 59/],
    ['*/0 * * * *', /^minute .*step 0 is not from 1/],
    ['0 22-2 * * *', /^hour .*ends before it begins: write 22-23,0-2/],
    ['0 0 * foo *', /^month "foo": .*a name such as jan/],
    ['H * * * *', /^minute "H"/],
    ['1,,2 * * * *', /^minute "1,,2": "" is not/],
    ['0 0 15W * *', /^day of month "15W": .*L for the last day/],
    ['0 0 * * 1#6', /^weekday "1#6"/],
    ['0 0 * * 1#1,2', /^weekday .*stands alone/],
    ['0 0 30 2 *', /^day of month "30" never comes in month "2", which has 29 days/],
    ['0 0 31 4,6,9,11 *', /^day of month "31" never comes .* 30 days/],
    ['@weekyl', /did you mean "@weekly"/],
    ['@secondly', /is not known/],
    ['* '.repeat(300), /^is 600 characters long; at most 512/],
  ];
  for (const [expression, pattern] of table) {
    const read = readCron(expression);
    t.notOk(read.ok, expression);
    if (!read.ok) t.match(read.messages[0], pattern, expression);
  }
  const both = readCron('60 24 * * *');
  t.equal(both.ok ? 0 : both.messages.length, 2, 'all wrong fields are named together');
});

t.test('names, aliases, lists, L and # mean what they say', async (t) => {
  const days = (expression: string) => {
    const { newest } = plannedBetween(
      { kind: 'cron', expression },
      'UTC',
      utc('2026-05-31T23:59:59'),
      utc('2026-06-30T23:59:59'),
      99,
    );
    return newest.map(({ at }) => Number(utcText(at).slice(8, 10))).join(' ');
  };
  // June 2026 begins on a Monday.
  t.equal(days('0 0 * * fri-sun'), '5 6 7 12 13 14 19 20 21 26 27 28');
  t.equal(days('0 0 * JUN mon'), '1 8 15 22 29');
  t.equal(days('0 0 * * 0'), days('0 0 * * 7'));
  t.equal(days('0 0 * * 0,7'), '7 14 21 28');
  t.equal(days('0 0 * * 0-7'), days('0 0 * * *'));
  t.equal(days('0 0 * * 1#5'), '29');
  t.equal(days('0 0 * * 5L'), '26');
  t.equal(days('0 0 * * 5L,7L'), '26 28');
  t.equal(days('0 0 1,L * *'), '1 30');
  t.equal(days('0 0 1-5,3,*/10 * *'), '1 2 3 4 5 11 21', 'a list may name a day twice');
  t.equal(days('0 0 1 * 1'), '1 8 15 22 29');
  t.equal(days('0 0 3 * 1'), '1 3 8 15 22 29', 'restricted both: either is enough');
  t.equal(days('0 0 */2 * 1'), '1 15 29', 'a star in one: the day must be both');
  t.equal(days('@monthly'), '1');
  t.equal(days('@weekly'), '7 14 21 28');
});

t.test('a zone is known by its IANA name, and a near one is proposed', async (t) => {
  t.equal(zoneMistake('Asia/Kathmandu'), null);
  t.equal(zoneMistake('UTC'), null);
  t.match(zoneMistake('Asia/Shangai')?.message, /did you mean "Asia\/Shanghai"/);
  t.match(zoneMistake('new york')?.message, /did you mean "America\/New_York"/);
  for (const zone of ['+08:00', '', 8, 'x'.repeat(10_000), 'Mars/Olympus'])
    t.ok(zoneMistake(zone), String(zone).slice(0, 20));
  t.equal(canonicalZone('US/Eastern'), 'America/New_York');
  t.equal(canonicalZone('Mars/Olympus'), null);
  t.ok(isZone('Europe/Berlin'));
});
