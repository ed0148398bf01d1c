/** A supervisor with nothing to do: CPU, memory, writes, soon after it has worked and once its threads have ended. */
import { setTimeout as pause } from 'node:timers/promises';
import { freshFolder, given, post, removeFolder, startProgram, status, usage } from './bed.ts';
import type { Bench } from './figure.ts';

const tasks = 100;
/** Threads end after a minute without work. */
const threadsEndMs = 65_000;

export const idle: Bench = async (quick) => {
  const seconds = quick ? 3 : 20;
  const dir = freshFolder();
  const program = await startProgram(dir);
  const pid = program.child.pid as number;
  await post(
    program.url,
    '/tasks',
    Array.from({ length: tasks }, (_, number) => given(number)),
  );
  while ((await status(program.url)).totals['succeeded'] !== tasks) await pause(50);
  // The mark after the last entry is written within a second.
  await pause(3_000);
  const justAfter = usage(pid);
  if (!quick) await pause(threadsEndMs);
  const before = usage(pid);
  await pause(seconds * 1_000);
  const after = usage(pid);
  await program.kill();
  removeFolder(dir);
  const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
  return [
    { name: 'idle: CPU', value: (cpuSeconds / seconds) * 100, unit: '% of a core', target: 0.2 },
    { name: 'idle: memory', value: after.rssBytes / 1e6, unit: 'MB', target: 110 },
    { name: 'memory just after work, threads waiting', value: justAfter.rssBytes / 1e6, unit: 'MB', target: null },
    { name: 'idle: written', value: after.writtenBytes - before.writtenBytes, unit: 'bytes', target: 0 },
  ];
};
