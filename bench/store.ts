/** The store in process: callers that wait until what they set is on disk, and reads. */
import { openHere, removeFolder } from './bed.ts';
import { type Bench, type Figure, perSecond } from './figure.ts';

const actor = { origin: 'bench', from: null };
const keys = 10_000;
/** About 190 bytes, as the params of tasks are. */
const value = {
  title: 'An evening talk about the stars',
  url: `https://media.example.org/${'e'.repeat(100)}.mp3`,
  at: 7,
};

export const store: Bench = async (quick) => {
  const ms = quick ? 300 : 2_000;
  const bed = await openHere();
  const { store } = bed;
  const named = (call: number) => `feeds/${call % keys}`;
  const set = (call: number) => store.set({ key: named(call), value, ttl: 3_600 }, actor);
  const figures: Figure[] = [];
  for (const [name, callers, target, call] of [
    ['durable sets, 512 callers', 512, 80_000, set],
    ['durable increments of one key, 512 callers', 512, null, () => store.increment({ key: 'hits' }, actor)],
    ['reads of what is on disk', 1, 500_000, (call) => store.get(named(call))],
  ] as [string, number, number | null, (call: number) => Promise<unknown>][]) {
    await rate(callers, ms / 4, call);
    const floor = callers === 512 ? { floor: 'floor: append + fdatasync, 512 at a time' } : {};
    figures.push({ name, value: await rate(callers, ms, call), unit: perSecond, target, ...floor });
  }
  removeFolder(bed.dir);
  return figures;
};

async function rate(callers: number, ms: number, call: (number: number) => Promise<unknown>): Promise<number> {
  const since = performance.now();
  let done = 0;
  const caller = async () => {
    while (performance.now() - since < ms) await call(done++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return done / ((performance.now() - since) / 1_000);
}
