/** Hosts by turns: as only so many files come from one at once, a thousand of the first would keep those of the second waiting. */
import { portions } from './portions.ts';

/** Things held at a time; beyond it the next turn begins. */
const heldMost = 10_000;

/**
 * @param hostOf a key for those that wait for one another
 * @returns those of one host in their order
 */
export async function* byTurns<One>(ones: AsyncIterable<One>, hostOf: (one: One) => string): AsyncGenerator<One> {
  for await (const held of portions(ones, heldMost)) yield* turns(held, hostOf);
}

function* turns<One>(ones: readonly One[], hostOf: (one: One) => string): Generator<One> {
  const byHost = new Map<string, One[]>();
  for (const one of ones) {
    const host = byHost.get(hostOf(one));
    if (host) host.push(one);
    else byHost.set(hostOf(one), [one]);
  }
  let hosts = [...byHost.values()];
  for (let turn = 0; hosts.length > 0; turn++) {
    for (const host of hosts) yield host[turn] as One;
    hosts = hosts.filter((host) => host.length > turn + 1);
  }
}
