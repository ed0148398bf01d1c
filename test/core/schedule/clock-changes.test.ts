import t, { type Test } from 'tap';
import { plannedAfter, plannedBetween } from '../../../supervisor/core/schedule/next.ts';
import { WEEKDAYS, type When } from '../../../supervisor/core/schedule/when.ts';
import { stretchAt } from '../../../supervisor/core/schedule/zone.ts';
import { firstShowing, shownAt, utc, utcText } from './intl-clock.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The rule of each zone as its law says it; days are local ones, 2024 to 2030. `dayBefore`: UTC is still at the day before. */
interface Change {
  readonly days: readonly string[];
  readonly utc: string;
  readonly dayBefore?: true;
  /** What clocks show just when they are changed, before and after. */
  readonly from: string;
  readonly to: string;
}
const secondSundayOfMarch = '2024-03-10 2025-03-09 2026-03-08 2027-03-14 2028-03-12 2029-03-11 2030-03-10'.split(' ');
const firstSundayOfNovember = '2024-11-03 2025-11-02 2026-11-01 2027-11-07 2028-11-05 2029-11-04 2030-11-03'.split(' ');
const lastSundayOfMarch = '2024-03-31 2025-03-30 2026-03-29 2027-03-28 2028-03-26 2029-03-25 2030-03-31'.split(' ');
const lastSundayOfOctober = '2024-10-27 2025-10-26 2026-10-25 2027-10-31 2028-10-29 2029-10-28 2030-10-27'.split(' ');
const firstSundayOfOctober = '2024-10-06 2025-10-05 2026-10-04 2027-10-03 2028-10-01 2029-10-07 2030-10-06'.split(' ');
const firstSundayOfApril = '2024-04-07 2025-04-06 2026-04-05 2027-04-04 2028-04-02 2029-04-01 2030-04-07'.split(' ');
const sundayFrom2April = '2024-04-07 2025-04-06 2026-04-05 2027-04-04 2028-04-02 2029-04-08 2030-04-07'.split(' ');
const sundayFrom2September = '2024-09-08 2025-09-07 2026-09-06 2027-09-05 2028-09-03 2029-09-02 2030-09-08'.split(' ');

const ZONES: Readonly<Record<string, readonly Change[]>> = {
  'America/New_York': [
    { days: secondSundayOfMarch, utc: '07:00', from: '02:00', to: '03:00' },
    { days: firstSundayOfNovember, utc: '06:00', from: '02:00', to: '01:00' },
  ],
  'Europe/Berlin': [
    { days: lastSundayOfMarch, utc: '01:00', from: '02:00', to: '03:00' },
    { days: lastSundayOfOctober, utc: '01:00', from: '03:00', to: '02:00' },
  ],
  'Europe/London': [
    { days: lastSundayOfMarch, utc: '01:00', from: '01:00', to: '02:00' },
    { days: lastSundayOfOctober, utc: '01:00', from: '02:00', to: '01:00' },
  ],
  'Australia/Lord_Howe': [
    { days: firstSundayOfOctober, utc: '15:30', dayBefore: true, from: '02:00', to: '02:30' },
    { days: firstSundayOfApril, utc: '15:00', dayBefore: true, from: '02:00', to: '01:30' },
  ],
  'America/Santiago': [
    { days: sundayFrom2September, utc: '04:00', from: '00:00', to: '01:00' },
    { days: sundayFrom2April, utc: '03:00', from: '00:00', to: '23:00' },
  ],
  'Asia/Kathmandu': [],
  'Pacific/Kiritimati': [],
  'Asia/Shanghai': [],
};

function instants({ days, utc: time, dayBefore }: Change): number[] {
  return days.map((day) => utc(`${day}T${time}:00`) - (dayBefore ? dayMs : 0));
}

function changesOf(zone: string): { at: number; change: Change; day: string }[] {
  return (ZONES[zone] ?? []).flatMap((change) =>
    instants(change).map((at, index) => ({ at, change, day: change.days[index] as string })),
  );
}

const start = utc('2024-01-01T00:00:00');
const end = utc('2031-01-01T00:00:00');

t.test('clocks change when the law of each zone says so, and at no other time', async (t) => {
  for (const zone of Object.keys(ZONES)) {
    const found: number[] = [];
    for (let at = start; at < end; ) {
      const stretch = stretchAt(zone, at);
      if (stretch.from >= start && stretch.wallBefore !== stretch.from + stretch.offsetMs) found.push(stretch.from);
      at = stretch.until;
    }
    const expected = changesOf(zone).map(({ at }) => at);
    t.same(found.map(utcText), expected.sort((a, b) => a - b).map(utcText), zone);
    for (const { at, change } of changesOf(zone)) {
      t.equal(shownAt(zone, at).slice(11), change.to);
      const { wallBefore } = stretchAt(zone, at);
      t.equal(new Date(wallBefore).toISOString().slice(11, 16), change.from);
    }
  }
});

/** A planned time by the oracle: on that local day, the first instant at which the clocks show the time or a later one. */
function expectOn(t: Test, zone: string, when: When, day: string, time: string): void {
  const expected = firstShowing(zone, day, time) as number;
  const before = utc(`${day}T00:00:00`) - 26 * hourMs;
  const planned: number[] = [];
  for (let next = plannedAfter(when, zone, before); next && next.at < before + 78 * hourMs; ) {
    planned.push(next.at);
    next = plannedAfter(when, zone, next.at);
  }
  const there = planned.filter((at) => shownAt(zone, at).startsWith(day));
  t.same(there.map(utcText), [utcText(expected)], `${zone} ${day} ${JSON.stringify(when)}`);
}

t.test('daily, weekly, monthly and fixed-hour cron happen once on the day of each change', async (t) => {
  for (const zone of Object.keys(ZONES)) {
    const days = changesOf(zone).map(({ day }) => day);
    for (const day of days.length > 0 ? days : ['2026-03-29', '2028-02-29']) {
      const weekday = WEEKDAYS[(new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7] as (typeof WEEKDAYS)[number];
      const date = Number(day.slice(8));
      for (const at of ['00:00', '00:30', '01:30', '02:00', '02:15', '02:30', '03:00', '22:30']) {
        const cron = `${Number(at.slice(3))} ${Number(at.slice(0, 2))}`;
        expectOn(t, zone, { kind: 'daily', at }, day, at);
        expectOn(t, zone, { kind: 'weekly', days: [weekday], at }, day, at);
        expectOn(t, zone, { kind: 'monthly', day: date, at }, day, at);
        expectOn(t, zone, { kind: 'cron', expression: `${cron} * * *` }, day, at);
        if (date === 31) expectOn(t, zone, { kind: 'monthly', day: 'last', at }, day, at);
      }
    }
  }
});

t.test('every 15 minutes is every 15 minutes, through each change', async (t) => {
  for (const zone of Object.keys(ZONES)) {
    for (const { at, day } of changesOf(zone)) {
      const when: When = { kind: 'cron', expression: '*/15 * * * *' };
      const planned: number[] = [at - 3 * hourMs];
      while ((planned.at(-1) as number) < at + 3 * hourMs)
        planned.push(plannedAfter(when, zone, planned.at(-1) as number)?.at as number);
      t.ok(
        planned.every((one, index) => index === 0 || one - (planned[index - 1] as number) === hourMs / 4),
        `${zone} ${day}`,
      );
      t.equal(plannedBetween(when, zone, at - dayMs, at + dayMs, 1).count, 4 * 48);
    }
  }
});

t.test('a daily time comes once on each of the 2,557 local days of seven years, and on no other', async (t) => {
  for (const zone of Object.keys(ZONES)) {
    for (const at of ['00:30', '02:30', '23:30']) {
      const days = new Set<string>();
      let planned = 0;
      for (let next = plannedAfter({ kind: 'daily', at }, zone, start); next && next.at < end; planned++) {
        days.add(shownAt(zone, next.at).slice(0, 10));
        next = plannedAfter({ kind: 'daily', at }, zone, next.at);
      }
      t.equal(days.size, planned, `${zone} ${at}: none twice on a day`);
      t.equal(planned, 2_557, `${zone} ${at}: none left out`);
    }
  }
});

t.test('two times that a gap moves to the same moment are one occurrence, and its note says so', async (t) => {
  const when: When = { kind: 'cron', expression: '0,30 2,3 * * *' };
  const planned = plannedBetween(when, 'America/New_York', utc('2026-03-08T00:00:00'), utc('2026-03-08T12:00:00'), 9);
  t.same(
    planned.newest.map(({ at }) => utcText(at)),
    ['2026-03-08T07:00', '2026-03-08T07:30'],
  );
  t.equal(planned.count, 2);
  t.match(planned.newest[0]?.note, /^02:00 does not exist that day: the clocks go forward from 02:00 to 03:00/);
});

t.test('in a repeated hour a fixed time counts the first time, and every 30 minutes goes on', async (t) => {
  const after = utc('2026-11-01T05:10:00');
  const fixed = plannedBetween({ kind: 'daily', at: '01:30' }, 'America/New_York', after, after + dayMs, 9);
  t.same(
    fixed.newest.map(({ at }) => utcText(at)),
    ['2026-11-01T05:30'],
  );
  t.match(fixed.newest[0]?.note, /comes twice that day: .* from 02:00 to 01:00, and only the first time counts/);
  const often = plannedBetween(
    { kind: 'cron', expression: '*/30 * * * *' },
    'America/New_York',
    after,
    after + 2 * hourMs,
    9,
  );
  t.same(
    often.newest.map(({ at }) => utcText(at).slice(11)),
    ['05:30', '06:00', '06:30', '07:00'],
  );
  t.match(often.newest[0]?.note, /this is the first time/);
  t.match(often.newest[2]?.note, /this is the second time/);
});

t.test('every two hours has nothing in a gap, and says what it leaves out', async (t) => {
  const when: When = { kind: 'cron', expression: '0 */2 * * *' };
  const next = plannedAfter(when, 'America/New_York', utc('2026-03-08T05:30:00'));
  t.equal(utcText(next?.at as number), '2026-03-08T08:00');
  t.match(next?.note, /02:00 does not exist that day and is left out/);
});

t.test('a day that the clocks left out whole has no occurrence', async (t) => {
  // Samoa went from 29 to 31 December 2011, Kiritimati from 30 December 1994 to 1 January.
  for (const [zone, day] of [
    ['Pacific/Apia', '2011-12-30'],
    ['Pacific/Kiritimati', '1994-12-31'],
  ] as const) {
    const middle = utc(`${day}T12:00:00`);
    const { newest, count } = plannedBetween(
      { kind: 'daily', at: '02:00' },
      zone,
      middle - 4 * dayMs,
      middle + 4 * dayMs,
      99,
    );
    const days = newest.map(({ at }) => shownAt(zone, at));
    t.equal(new Set(days.map((text) => text.slice(0, 10))).size, days.length);
    t.notOk(days.some((text) => text.startsWith(day)));
    t.ok(days.every((text) => text.endsWith('02:00')));
    t.equal(count, newest.length);
  }
});

t.test('past rules hold: Tehran changed at midnight until 2022', async (t) => {
  const at = '00:30';
  expectOn(t, 'Asia/Tehran', { kind: 'daily', at }, '2022-03-22', at);
  expectOn(t, 'Asia/Tehran', { kind: 'daily', at: '23:30' }, '2022-09-21', '23:30');
  expectOn(t, 'Asia/Tehran', { kind: 'daily', at }, '2023-03-22', at);
});
