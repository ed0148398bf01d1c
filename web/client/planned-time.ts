/** Planned times as the clocks of their own zone show them: a schedule of Shanghai says 02:00 also to a reader in Berlin. */
import { locale } from './language.ts';
import { zoneOr } from './zone.ts';

const formats = new Map<string, Intl.DateTimeFormat>();
const formatsMax = 100;

function formatOf(zone: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale.value} ${zone} ${name}`;
  const known = formats.get(key);
  if (known) return known;
  if (formats.size >= formatsMax) formats.clear();
  const made = new Intl.DateTimeFormat(locale.value, { ...options, hourCycle: 'h23', timeZone: zoneOr(zone) });
  formats.set(key, made);
  return made;
}

const DAY = { weekday: 'short', day: 'numeric', month: 'short' } as const;
const minuteMs = 60_000;

/** `Fri, 27 Nov 02:00`; the year where it is another one, seconds where there are some. */
export function plannedTime(at: number, zone: string, now: number): string {
  const year = formatOf(zone, 'year', { year: 'numeric' });
  const same = year.format(at) === year.format(now);
  const day = same ? formatOf(zone, 'day', DAY) : formatOf(zone, 'dated', { ...DAY, year: 'numeric' });
  const short = { hour: '2-digit', minute: '2-digit' } as const;
  const clock =
    at % minuteMs === 0 ? formatOf(zone, 'clock', short) : formatOf(zone, 'seconds', { ...short, second: '2-digit' });
  return `${day.format(at)} ${clock.format(at)}`;
}

export function plannedInFull(at: number, zone: string): string {
  return `${formatOf(zone, 'full', { dateStyle: 'full', timeStyle: 'long' }).format(at)}, ${zone}`;
}
