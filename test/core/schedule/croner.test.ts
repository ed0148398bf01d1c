/**
 * Croner walks cron expressions another way and reads zones another way. Where the two differ, a rule of ours says why;
 * a difference that none explains fails.
 */
import { Cron } from 'croner';
import t from 'tap';
import { cronOf, readCron } from '../../../supervisor/core/schedule/cron.ts';
import { plannedAfter } from '../../../supervisor/core/schedule/next.ts';
import { instantOf, stretchAt, wallOf } from '../../../supervisor/core/schedule/zone.ts';
import { utcText } from './intl-clock.ts';
import { seeded } from './random.ts';

const ZONES = [
  'America/New_York',
  'Europe/Berlin',
  'Europe/London',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Asia/Kathmandu',
  'Pacific/Kiritimati',
  'Asia/Shanghai',
  'America/St_Johns',
  'Africa/Casablanca',
];
const expressionsPerZone = 510;
const timesCompared = 3;
const dayMs = 86_400_000;
const from = Date.UTC(2024, 0, 1);
const until = Date.UTC(2030, 11, 1);

const RULES = {
  'both-day-fields-with-a-star':
    'A day field with a star in it, such as */2, is no restriction of its own: the day must be both, as in vixie cron. Croner takes either.',
  'fixed-hours-with-a-step-in-a-gap':
    'Fixed hours happen once a day whatever the minutes are: in a gap at its end. Croner leaves them out when any field has a step or a star.',
  'fixed-hours-with-a-step-in-a-repeated-hour':
    'For the same reason they happen only the first time. Croner has them twice.',
  'hours-0-23-in-a-gap':
    'Hours over the whole day are every hour, and a gap has none. Croner takes 0-23 for a list of hours, and moves them to the end of the gap.',
  'hours-0-23-in-a-repeated-hour': 'For the same reason they happen twice; in croner once.',
} as const;
type Rule = keyof typeof RULES;

const random = seeded(20_261_126);
const below = (count: number) => Math.floor(random() * count);
const between = (least: number, most: number) => least + below(most - least + 1);

function item(least: number, most: number): string {
  const kind = random();
  if (kind < 0.55) return String(between(least, most));
  const low = between(least, most - 1);
  const high = between(low + 1, most);
  if (kind < 0.8) return `${low}-${high}`;
  return `${low}-${high}/${between(1, Math.max(1, most >> 1))}`;
}

function field(least: number, most: number, open: number): string {
  const kind = random();
  if (kind < open) return '*';
  if (kind < open + 0.12) return `*/${between(1, Math.max(2, most >> 1))}`;
  return Array.from({ length: random() < 0.75 ? 1 : between(2, 3) }, () => item(least, most)).join(',');
}

/** Hours are mostly early, where clocks are changed. */
function hours(): string {
  const kind = random();
  if (kind < 0.05) return '0-23';
  return kind < 0.4 ? field(0, 3, 0) : field(0, 23, 0.25);
}

function expression(): string {
  return [field(0, 59, 0.15), hours(), field(1, 31, 0.7), field(1, 12, 0.8), field(0, 6, 0.7)].join(' ');
}

/** Every other time shortly before a change of the clocks, where there is one. */
function someInstant(zone: string): number {
  const at = between(from, until);
  const stretch = stretchAt(zone, at);
  const isChange = stretch.wallBefore !== stretch.from + stretch.offsetMs;
  return isChange && random() < 0.8 ? stretch.from - below(dayMs) : at;
}

function ours(text: string, zone: string, after: number): number[] {
  const times: number[] = [];
  for (let next = plannedAfter({ kind: 'cron', expression: text }, zone, after); next; ) {
    times.push(next.at);
    if (times.length === timesCompared) break;
    next = plannedAfter({ kind: 'cron', expression: text }, zone, next.at);
  }
  return times;
}

/** Croner's first second is the one after, and it searches by itself as far as its years go. */
function theirs(text: string, zone: string, after: number): number[] {
  const cron = new Cron(text, { timezone: zone, paused: true, fixedTimeRule: 'no-wildcard' });
  return cron.nextRuns(timesCompared, new Date(after)).map((date) => date.getTime());
}

/** A day field with a star and a restricted one beside it: the star step written out is a list, which is a restriction. */
function withoutDayStar(text: string): string | null {
  const fields = text.split(' ') as [string, string, string, string, string];
  const [day, weekday] = [fields[2], fields[4]];
  if (day === '*' || weekday === '*' || !(day + weekday).includes('*')) return null;
  const written = (name: string, least: number, most: number) => name.replace('*', `${least}-${most}`);
  return [fields[0], fields[1], written(day, 1, 31), fields[3], written(weekday, 0, 6)].join(' ');
}

/** @returns the rule that explains why only one of the two has a time; null when none does */
function ruleFor(text: string, zone: string, at: number, isOurs: boolean): Rule | null {
  const [minute, hour] = text.split(' ') as [string, string];
  const isWall = cronOf(text).calendar.follows === 'wall';
  const stretch = stretchAt(zone, at);
  const isGapEnd = at === stretch.from && stretch.wallBefore < at + stretch.offsetMs;
  const isSecond = instantOf(zone, wallOf(zone, at)) < at;
  if (isWall && /[*/]/.test(minute + hour)) {
    if (isOurs && isGapEnd) return 'fixed-hours-with-a-step-in-a-gap';
    if (!isOurs && isSecond) return 'fixed-hours-with-a-step-in-a-repeated-hour';
  }
  if (hour === '0-23' && !/[*/]/.test(minute)) {
    if (!isOurs && isGapEnd) return 'hours-0-23-in-a-gap';
    if (isOurs && isSecond) return 'hours-0-23-in-a-repeated-hour';
  }
  return null;
}

function compare(text: string, zone: string, after: number, count: (rule: Rule) => void): string[] {
  const written = withoutDayStar(text);
  const ownText = written ?? text;
  const [own, other] = [ours(ownText, zone, after), theirs(text, zone, after)];
  if (written !== null && ours(text, zone, after).join() !== own.join()) count('both-day-fields-with-a-star');
  // What the longer list has beyond the shorter is no difference yet.
  const end =
    own.length < timesCompared || other.length < timesCompared
      ? Infinity
      : Math.min(own.at(-1) as number, other.at(-1) as number);
  const differences = [
    ...own.filter((at) => at <= end && !other.includes(at)).map((at) => ({ at, isOurs: true })),
    ...other.filter((at) => at <= end && !own.includes(at)).map((at) => ({ at, isOurs: false })),
  ];
  return differences.flatMap(({ at, isOurs }) => {
    const rule = ruleFor(ownText, zone, at, isOurs);
    if (rule) count(rule);
    return rule
      ? []
      : [`${text} in ${zone} after ${utcText(after)}: only ${isOurs ? 'we' : 'croner'} at ${utcText(at)}`];
  });
}

t.test('5,100 random expressions in ten zones: a rule explains every difference from croner', async (t) => {
  const counts: Partial<Record<Rule, number>> = {};
  const count = (rule: Rule) => {
    counts[rule] = (counts[rule] ?? 0) + 1;
  };
  const unexplained: string[] = [];
  let never = 0;
  for (const zone of ZONES) {
    for (let index = 0; index < expressionsPerZone; index++) {
      const text = expression();
      if (!readCron(text).ok) {
        never++;
        if (theirs(text, zone, from).length > 0) unexplained.push(`${text} is refused`);
        continue;
      }
      unexplained.push(...compare(text, zone, someInstant(zone), count));
    }
  }
  // Rare enough to be missed by chance.
  unexplained.push(...compare('30 0-23 * * *', 'America/New_York', Date.UTC(2026, 10, 1, 4), count));
  t.comment(JSON.stringify({ ...counts, never }));
  t.same(unexplained.slice(0, 10), []);
  t.same(Object.keys(counts).sort(), Object.keys(RULES).sort(), 'no rule is left that explains nothing');
  t.ok(never < ZONES.length * expressionsPerZone * 0.05, 'nearly all could be compared');
});
