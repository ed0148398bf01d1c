/** When something came out, as lists write it. What is no date is null, never a guess. */
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
/** RFC 822, 5.1; names of zones elsewhere mean nothing to everybody alike, and count as UTC. */
const ZONES: Readonly<Record<string, number>> = {
  EST: -300,
  EDT: -240,
  CST: -360,
  CDT: -300,
  MST: -420,
  MDT: -360,
  PST: -480,
  PDT: -420,
  CET: 60,
  CEST: 120,
  JST: 540,
};
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d{1,9})?)?\s*(Z|[+-]\d\d:?\d\d|[A-Za-z]{3,4})?)?$/i;
/** `Tue, 24 Nov 2026 06:00:00 +0100`, with wrong or missing weekdays, full names, years of two digits, no seconds. */
const MAIL =
  /^(?:[\p{L}.]+,?\s+)?(\d{1,2})[\s-]([A-Za-z]{3,9})\.?[\s-](\d{4}|\d{2})(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*(Z|[+-]\d{2}:?\d{2}|[A-Za-z]{1,5})?)?(?:\s*\([^)]*\))?$/u;
/** What `Date` writes in the C library: `Tue Nov 24 06:00:00 2026`. */
const C = /^[A-Za-z]{3,9}\.?\s+([A-Za-z]{3,9})\s+(\d{1,2})\s+(\d\d):(\d\d):(\d\d)\s+(?:([A-Z]{3,4})\s+)?(\d{4})$/;
const yearLeast = 1_900;
const yearMost = 2_199;

interface Parts {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  readonly time: readonly (string | undefined)[];
  readonly zone: string | undefined;
}

/** @returns a day `2026-11-24`, a moment `2026-11-24T06:00:00Z`, or null */
export function momentOf(text: string | null | undefined): string | null {
  const plain = text?.trim().replace(/\s+/g, ' ') ?? '';
  const parts = plain.length > 100 ? null : (isoParts(plain) ?? mailParts(plain) ?? cParts(plain));
  return parts === null ? null : written(parts);
}

function isoParts(text: string): Parts | null {
  const found = ISO.exec(text);
  if (!found) return null;
  const [, year, month, day, hour, minute, second, zone] = found;
  return { year: Number(year), month: Number(month), day: Number(day), time: [hour, minute, second], zone };
}

function mailParts(text: string): Parts | null {
  const found = MAIL.exec(text);
  if (!found) return null;
  const [, day, month = '', year = '', hour, minute, second, zone] = found;
  return { year: wholeYear(year), month: monthOf(month), day: Number(day), time: [hour, minute, second], zone };
}

function cParts(text: string): Parts | null {
  const found = C.exec(text);
  if (!found) return null;
  const [, month = '', day, hour, minute, second, zone, year] = found;
  return { year: Number(year), month: monthOf(month), day: Number(day), time: [hour, minute, second], zone };
}

/** Of two digits: as RFC 2822, 4.3 reads them. */
function wholeYear(text: string): number {
  const year = Number(text);
  return text.length === 4 ? year : year + (year < 50 ? 2_000 : 1_900);
}

/** @returns 0 where it is none */
function monthOf(name: string): number {
  return MONTHS.indexOf(name.slice(0, 3).toLowerCase()) + 1;
}

function written({ year, month, day, time, zone }: Parts): string | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || year < yearLeast || year > yearMost) return null;
  if (time[0] === undefined) return date.toISOString().slice(0, 10);
  const [hour = 0, minute = 0, second = 0] = time.map((part) => Number(part ?? 0));
  if (hour > 24 || minute > 59 || second > 60) return null;
  const minutes = hour * 60 + minute - zoneMinutes(zone);
  return `${new Date(date.getTime() + (minutes * 60 + Math.min(second, 59)) * 1_000).toISOString().slice(0, 19)}Z`;
}

function zoneMinutes(zone = ''): number {
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (!offset) return ZONES[zone.toUpperCase()] ?? 0;
  const minutes = Number(offset[2]) * 60 + Number(offset[3]);
  return minutes > 24 * 60 ? 0 : minutes * (offset[1] === '-' ? -1 : 1);
}

const durationSMax = 10_000_000;

/** @param length in seconds; anything but a positive number is none */
export function durationOf(length: string | number | undefined): number | null {
  const seconds = Math.round(Number(length));
  return seconds > 0 && seconds <= durationSMax ? seconds : null;
}
