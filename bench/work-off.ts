/** No-op tasks from queued to finished through worker threads, every transition durable. */
import { input, openHere, removeFolder } from './bed.ts';
import { type Bench, perSecond } from './figure.ts';

export const workOff: Bench = async (quick) => {
  const tasks = quick ? 4_000 : 100_000;
  const bed = await openHere();
  for (let from = 0; from < tasks; from += 1_000) {
    await bed.supervisor.accept(
      Array.from({ length: 1_000 }, (_, index) => input(from + index)),
      'http',
    );
  }
  const since = performance.now();
  const done = new Promise<void>((resolve) => {
    bed.journal.onDurable(() => {
      if (bed.state.totals.succeeded >= tasks) resolve();
    });
  });
  bed.begin();
  await done;
  const value = tasks / ((performance.now() - since) / 1_000);
  removeFolder(bed.dir);
  return [
    {
      name: 'no-op tasks, queued to finished',
      value,
      unit: perSecond,
      target: 30_000,
      floor: 'floor: Piscina round trips, one by one',
    },
  ];
};
