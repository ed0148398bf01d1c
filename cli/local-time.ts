/** Times as commands print them: in the supervisor's zone, which each of its answers names, with their offset. */

/** The machine's, until a supervisor has answered. */
let zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export function showTimesIn(name: string): void {
  zone = name;
}

/** @returns `2026-12-01 02:00:00 +01:00`; what is no time as it came */
export function localTime(iso: string | null | undefined, timeZone = zone): string {
  if (!iso) return '';
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const parts = new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  }).formatToParts(at);
  const { year, month, day, hour, minute, second, timeZoneName } = Object.fromEntries(
    parts.map(({ type, value }) => [type, value]),
  );
  const offset = timeZoneName === 'GMT' ? '+00:00' : timeZoneName?.replace('GMT', '');
  return `${year}-${month}-${day} ${hour}:${minute}:${second} ${offset}`;
}
