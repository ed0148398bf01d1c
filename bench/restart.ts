/** A million waiting tasks: start after SIGKILL, memory, and the event loop while a snapshot of them is written under load. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { machineClock } from '../supervisor/clock.ts';
import { StateWalk } from '../supervisor/snapshotter.ts';
import { freshFolder, given, input, openHere, post, removeFolder, startProgram, usage } from './bed.ts';
import type { Bench, Figure } from './figure.ts';

export const restart: Bench = async (quick) => {
  const tasks = quick ? 20_000 : 1_000_000;
  const dir = freshFolder();
  const first = await startProgram(dir);
  await post(first.url, '/queue/pause', { reason: 'bench' });
  for (let from = 0; from < tasks; from += 10_000) {
    await post(
      first.url,
      '/tasks',
      Array.from({ length: 10_000 }, (_, index) => given(from + index)),
    );
  }
  await first.kill();
  const second = await startProgram(dir);
  const { rssBytes } = usage(second.child.pid as number);
  await second.kill();
  const figures: Figure[] = [
    {
      name: `start with ${tasks.toLocaleString('en')} queued after SIGKILL`,
      value: second.startMs / 1_000,
      unit: 's',
      target: 3,
    },
    { name: `memory with ${tasks.toLocaleString('en')} queued`, value: rssBytes / 1e6, unit: 'MB', target: 500 },
    ...(await duringSnapshot(dir, tasks)),
  ];
  removeFolder(dir);
  return figures;
};

async function duringSnapshot(dir: string, tasks: number): Promise<Figure[]> {
  const bed = await openHere(dir);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const walk = new StateWalk(bed.state, machineClock, () => bed.history.sync());
  let done = false;
  let accepted = 0;
  const load = async () => {
    while (!done) {
      await bed.supervisor.accept([input(accepted++)], 'http');
    }
  };
  delay.enable();
  const since = performance.now();
  const loads = Array.from({ length: 64 }, load);
  await bed.journal.snapshot(walk, bed.state.seq);
  const seconds = (performance.now() - since) / 1_000;
  delay.disable();
  done = true;
  await Promise.all(loads);
  const name = `event-loop delay while a snapshot of ${tasks.toLocaleString('en')} is written under load`;
  return [
    { name: `${name}, p99`, value: delay.percentile(99) / 1e6, unit: 'ms', target: 20 },
    {
      name: 'acknowledgements a second meanwhile, 64 callers',
      value: accepted / seconds,
      unit: 'per second',
      target: null,
    },
    { name: 'time the snapshot takes', value: seconds, unit: 's', target: null },
  ];
}
