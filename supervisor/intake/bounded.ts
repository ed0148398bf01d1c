/** Calls for each of a list, a few at a time. */
export async function eachBounded<T>(
  list: readonly T[],
  atOnceMax: number,
  call: (one: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < list.length) await call(list[next++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, list.length) }, lane));
}
