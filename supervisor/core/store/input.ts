/** What somebody wrote of a key, its value and its time to live: checked, each mistake with its place and the way out. */
import { parseDuration } from '../duration.ts';
import { durationMsMax, storeKeyBytesMax, storeValueBytesMax } from '../limits.ts';
import { type Mistake, Refusal } from '../refusal.ts';
import { checkJson, shown } from '../task-input.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Half of a surrogate pair. */
const HALF = /\p{Surrogate}/u;

export function checkKey(key: unknown, path: string, mistakes: Mistake[]): void {
  const mistake = keyMistake(key);
  if (mistake !== null) mistakes.push({ path, message: mistake });
}

function keyMistake(key: unknown): string | null {
  if (typeof key !== 'string' || key === '') return 'must be text of at least one character';
  if (CONTROL.test(key)) return `must not hold control characters, as ${shown(key)} does`;
  if (HALF.test(key)) return `must be whole Unicode characters, not ${shown(key)}`;
  // No address of the API could name them: whoever reads an address takes them for steps in a path.
  if (key === '.' || key === '..') return `must not be ${shown(key)}`;
  const bytes = Buffer.byteLength(key);
  return bytes > storeKeyBytesMax ? `is ${bytes} bytes long; at most ${storeKeyBytesMax} are taken` : null;
}

/** @param ttl seconds, or a duration; none is for good @returns milliseconds */
export function readTtl(ttl: unknown, path: string, mistakes: Mistake[]): number | null {
  if (ttl === undefined || ttl === null) return null;
  const ms = typeof ttl === 'number' ? Math.round(ttl * 1_000) : typeof ttl === 'string' ? parseDuration(ttl) : null;
  if (ms === null || Number.isNaN(ms))
    mistakes.push({ path, message: `must be seconds or a duration such as "10m", "2h" or "7d", not ${shown(ttl)}` });
  else if (ms < 1)
    mistakes.push({ path, message: `must be more than 0, not ${shown(ttl)}; to end a key at once, delete it` });
  else if (ms > durationMsMax)
    mistakes.push({
      path,
      message: `must be at most ten years, not ${shown(ttl)}; without it the key is kept for good`,
    });
  return ms;
}

export function readIncrement(by: unknown, path: string, mistakes: Mistake[]): number {
  if (by === undefined) return 1;
  if (!Number.isSafeInteger(by)) mistakes.push({ path, message: `must be a whole number, not ${shown(by)}` });
  return by as number;
}

/** @returns JSON text of the value, or the refusal of one that is too large; null where there are mistakes */
export function readValue(value: unknown, path: string, mistakes: Mistake[]): string | Refusal | null {
  const before = mistakes.length;
  if (value === undefined) mistakes.push({ path, message: 'is missing; to delete a key, delete it' });
  else checkJson(value, path, mistakes);
  if (mistakes.length > before) return null;
  const text = JSON.stringify(value);
  if (text.length * 3 <= storeValueBytesMax) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= storeValueBytesMax) return text;
  const message = `is ${bytes} bytes as JSON; at most ${storeValueBytesMax} are kept: write it to a file and store its path`;
  return new Refusal('too_large', `${path} ${message}`, [{ path, message }]);
}
