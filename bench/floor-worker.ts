/** The emptiest worker there can be. */
export function nothing(list: readonly number[]): number {
  return list.length;
}
