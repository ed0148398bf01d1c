/** A supervisor with nothing to do, after it has worked: CPU, memory, writes. */
import { setTimeout as pause } from 'node:timers/promises';
import { freshFolder, given, post, removeFolder, startProgram, status, usage } from './bed.ts';
import type { Bench } from './figure.ts';

export const idle: Bench = async (quick) => {
  const seconds = quick ? 3 : 20;
  const dir = freshFolder();
  const program = await startProgram(dir);
  const pid = program.child.pid as number;
  await post(
    program.url,
    '/tasks',
    Array.from({ length: 100 }, (_, number) => given(number)),
  );
  while ((await status(program.url)).totals['succeeded'] !== 100) await pause(50);
  // The mark after the last entry is written within a second.
  await pause(3_000);
  const before = usage(pid);
  await pause(seconds * 1_000);
  const after = usage(pid);
  await program.kill();
  removeFolder(dir);
  return [
    {
      name: 'idle: CPU',
      value: ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100,
      unit: '% of a core',
      target: 0.2,
    },
    { name: 'idle: memory', value: after.rssBytes / 1e6, unit: 'MB', target: 110 },
    { name: 'idle: written', value: after.writtenBytes - before.writtenBytes, unit: 'bytes', target: 0 },
  ];
};
