/** On an idle machine: from the acknowledgement of a task to the start of its handler. */
import { setTimeout as pause } from 'node:timers/promises';
import { checkTask } from '../supervisor/core/task-input.ts';
import { openHere, removeFolder } from './bed.ts';
import { type Bench, percentile } from './figure.ts';

const gapMs = 10;

export const latency: Bench = async (quick) => {
  const bed = await openHere();
  bed.begin();
  const took: number[] = [];
  // The handler says when it began, on the wall clock: threads have monotonic clocks of their own.
  const wall = () => performance.timeOrigin + performance.now();
  for (let number = 0; number < (quick ? 30 : 300); number++) {
    const checked = checkTask({ type: 'began', params: {} });
    if (!checked.ok) throw new Error('wrong task');
    const { ids } = await bed.supervisor.accept([checked.value], 'http');
    const acknowledgedAt = wall();
    const id = ids[0] as string;
    const began = await resultOf(bed, id);
    if (number >= 10) took.push(Math.max(0, began - acknowledgedAt));
    await pause(gapMs);
  }
  removeFolder(bed.dir);
  return [
    {
      name: 'acknowledgement to handler start, p50',
      value: percentile(took, 0.5),
      unit: 'ms',
      target: 2,
      floor: 'floor: fdatasync of one line, p50',
    },
    { name: 'acknowledgement to handler start, p99', value: percentile(took, 0.99), unit: 'ms', target: 10 },
  ];
};

function resultOf(bed: Awaited<ReturnType<typeof openHere>>, id: string): Promise<number> {
  return new Promise((resolve) => {
    const look = async () => {
      if (bed.state.tasks.has(id)) return;
      stop();
      resolve((await bed.front.task(id))?.result as number);
    };
    const stop = bed.front.events.subscribe(look);
    void look();
  });
}
