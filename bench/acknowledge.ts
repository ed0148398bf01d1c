/** Durable acknowledgements in process: callers that wait for each task, and lists. */
import { type Bed, input, openHere, removeFolder } from './bed.ts';
import { type Bench, type Figure, perSecond } from './figure.ts';

export const acknowledge: Bench = async (quick) => {
  const ms = quick ? 300 : 2_000;
  const bed = await openHere();
  const figures: Figure[] = [];
  for (const [callers, target, floor] of [
    [1, 3_000, 1],
    [64, 60_000, 64],
    [512, 120_000, 512],
  ] as const) {
    await submit(bed, callers, 1, ms / 4);
    const value = await submit(bed, callers, 1, ms);
    figures.push({
      name: `durable acknowledgements, ${callers} callers`,
      value,
      unit: perSecond,
      target,
      floor: `floor: append + fdatasync, ${floor} at a time`,
    });
  }
  await submit(bed, 1, 1_000, ms / 4);
  const value = await submit(bed, 1, 1_000, ms);
  figures.push({
    name: 'durable acknowledgements, lists of 1,000',
    value,
    unit: perSecond,
    target: 220_000,
    floor: 'floor: append + fdatasync, 1000 at a time',
  });
  removeFolder(bed.dir);
  return figures;
};

let number = 0;

async function submit({ supervisor }: Bed, callers: number, listLength: number, ms: number): Promise<number> {
  const inputs = Array.from({ length: 1_000 }, () => input(number++));
  const since = performance.now();
  let done = 0;
  const caller = async () => {
    while (performance.now() - since < ms) {
      const list = listLength === 1 ? [inputs[done % inputs.length] as (typeof inputs)[0]] : inputs;
      await supervisor.accept(list, 'http');
      done += listLength;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return done / ((performance.now() - since) / 1_000);
}
