/** Ten thousand files dropped at once: how long until all are durable tasks, and each exactly once. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshFolder, given, post, removeFolder, startProgram, status } from './bed.ts';
import type { Bench } from './figure.ts';

export const drop: Bench = async (quick) => {
  const files = quick ? 500 : 10_000;
  const dir = freshFolder();
  const made = join(dir, 'made');
  mkdirSync(made);
  for (let number = 0; number < files; number++)
    writeFileSync(join(made, `${number}.json`), JSON.stringify(given(number)));
  const program = await startProgram(dir);
  await post(program.url, '/queue/pause', { reason: 'bench' });
  const since = performance.now();
  for (let number = 0; number < files; number++)
    renameSync(join(made, `${number}.json`), join(dir, 'inbox', `${number}.json`));
  let accepted = 0;
  while (accepted < files) {
    await pause(20);
    accepted = (await status(program.url)).totals['accepted'] ?? 0;
  }
  const seconds = (performance.now() - since) / 1_000;
  await pause(1_000);
  const after = (await status(program.url)).totals['accepted'] ?? 0;
  await program.kill();
  removeFolder(dir);
  if (after !== files) throw new Error(`${files} files became ${after} tasks`);
  return [
    { name: `${files.toLocaleString('en')} files dropped at once, all durable`, value: seconds, unit: 's', target: 4 },
  ];
};
