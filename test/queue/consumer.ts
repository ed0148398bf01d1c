/**
 * A program with a queue that is killed at any moment: `node consumer.js FOLDER LOG [last]`. It pushes and has three
 * consumers; what it began, and what it was told, stands in LOG by the time anybody could know. `last`: it pushes nothing
 * more, ends when nothing is left, and closes as asked.
 */
import { appendFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openQueue } from '../../supervisor/queue/open-queue.ts';

const [folder = '', log = '', last] = process.argv.slice(2);
const queue = await openQueue({ folder });

function say(what: string, id: string): void {
  appendFileSync(log, `${what} ${id}\n`);
  process.stdout.write(`${what}\n`);
}

async function produce(): Promise<void> {
  for (let n = 0; ; n++) {
    const backoff = { kind: 'fixed', base: '1ms' } as const;
    const tasks = Array.from({ length: 1 + (n % 4) }, (_, index) => ({ type: 'a', params: { n, index }, backoff }));
    for (const { id } of await queue.pushAll(tasks)) say('pushed', id);
  }
}

async function consume(): Promise<void> {
  for (;;) {
    const task = await queue.pop(last ? { timeout: 500 } : {});
    if (!task) return;
    say('began', task.id);
    await nextTurn();
    if (Number.parseInt(task.id.slice(-2), 16) % 5 === 0 && task.attempt === 1) {
      await queue.fail(task, { error: 'as it happens' });
      continue;
    }
    await queue.done(task);
    say('done', task.id);
  }
}

const consumers = Promise.all([consume(), consume(), consume()]);
if (!last) await produce();
await consumers;
await queue.close();
