/**
 * Settings of the public contract that have no effect in this version. A file written for a later one must start this
 * one, so they are accepted, whatever their value, and pointed out. Whoever gives one an effect takes it from this list.
 */
const LATER: Readonly<Record<string, 'plain' | 'secret'>> = {
  // Addresses of this kind mostly carry their own key.
  WEBHOOK_URL: 'secret',
  HEARTBEAT_URL: 'secret',
  REPORT_AT: 'plain',
};
export const LATER_KEYS: readonly string[] = Object.keys(LATER);

export function isLater(key: string): boolean {
  return Object.hasOwn(LATER, key);
}

export function isLaterSecret(key: string): boolean {
  return isLater(key) && LATER[key] === 'secret';
}
