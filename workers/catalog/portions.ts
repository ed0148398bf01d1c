/** What comes one by one, so many at a time. */
export async function* portions<One>(ones: Iterable<One> | AsyncIterable<One>, most: number): AsyncGenerator<One[]> {
  let some: One[] = [];
  for await (const one of ones) {
    some.push(one);
    if (some.length < most) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
