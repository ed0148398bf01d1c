/** Clocks read by Intl alone, another way than the zones under test read them: the oracle of these tests. */

const minuteMs = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** @returns `2026-03-08 03:00` */
export function shownAt(zone: string, at: number): string {
  let format = formats.get(zone);
  if (!format) {
    // Sweden writes a time as ISO does.
    format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
    formats.set(zone, format);
  }
  return format.format(at);
}

/** @returns the first instant of a local day at which its clocks show `time` or later, looked for quarter by quarter */
export function firstShowing(zone: string, day: string, time: string): number | null {
  const noon = Date.parse(`${day}T12:00:00Z`);
  for (let at = noon - 30 * 60 * minuteMs; at < noon + 30 * 60 * minuteMs; at += 15 * minuteMs) {
    const [shownDay, shownTime] = shownAt(zone, at).split(' ') as [string, string];
    if (shownDay === day && shownTime >= time) return at;
  }
  return null;
}

export function utc(text: string): number {
  return Date.parse(`${text}Z`);
}

/** @returns `2026-03-08T07:00` */
export function utcText(at: number): string {
  return new Date(at).toISOString().slice(0, 16);
}
