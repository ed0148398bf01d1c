/** Feature flags: `FLAG_<NAME>=true` or `false`. What depends on one that nobody has set waits, as if it were off. */
const KEY = /^FLAG_([A-Z][A-Z0-9_]{0,99})$/;
export const FLAG_NAME = /^[A-Z][A-Z0-9_]{0,99}$/;

/** Name of the flag that a key is for, or null. */
export function flagOf(key: string): string | null {
  return KEY.exec(key)?.[1] ?? null;
}

export function flagKey(name: string): string {
  return `FLAG_${name}`;
}

/** @returns the flag's value, or null for a text that is none */
export function readFlag(text: string): boolean | null {
  if (text === 'true') return true;
  return text === 'false' ? false : null;
}
