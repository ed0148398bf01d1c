/**
 * Durations as people write them: `500ms 10s 5m 2h 7d`, or ISO 8601 (`PT10M`). The supervisor's core has the same
 * grammar; it stands here again because a worker imports nothing of the supervisor.
 */
const SHORT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const ISO = /^P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** @returns milliseconds, rounded; null when the text is no duration */
export function durationMs(text: string): number | null {
  const short = SHORT.exec(text);
  if (short) return Math.round(Number(short[1]) * UNIT_MS[short[2] as keyof typeof UNIT_MS]);
  const iso = ISO.exec(text);
  if (!iso || !/\d/.test(text) || text.endsWith('T')) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = iso.slice(1).map((part) => Number(part ?? 0));
  return Math.round(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000);
}
