/** A run of no-op tasks in four stages: a quarter of them passes from each stage to the next with `ctx.next`, every one durable. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshFolder, openHere, removeFolder } from './bed.ts';
import { type Bench, perSecond } from './figure.ts';

const stages = 4;
/** As many as an attempt may have unanswered. */
const callsAtOnce = 500;

const HANDLERS = {
  'seed.mjs': `export default { type: 'seed', async run({ count }, ctx) {
    for (let from = 0; from < count; from += ${callsAtOnce})
      await Promise.all(Array.from({ length: Math.min(${callsAtOnce}, count - from) }, (_, index) => ctx.next({ key: String(from + index), params: { key: String(from + index) } })));
  } };\n`,
  'pass.mjs': `export default { type: 'pass', lane: 'io', async run({ key }, ctx) { await ctx.next({ key, params: { key } }); } };\n`,
};

const by = { origin: 'bench', from: null };

export const runs: Bench = async (quick) => {
  const tasks = quick ? 4_000 : 100_000;
  const dir = freshFolder();
  mkdirSync(join(dir, 'pipelines'), { mode: 0o700 });
  for (const [name, text] of Object.entries(HANDLERS)) writeFileSync(join(dir, 'handlers', name), text);
  const types = ['seed', 'pass', 'pass', 'pass', 'noop'];
  const written = types.map((type, index) => `  - { name: s${index}, type: ${type}, start: flow }\n`);
  writeFileSync(join(dir, 'pipelines', 'four.yaml'), `stages:\n${written.join('')}`);
  // What passes work on mostly waits for the disk.
  writeFileSync(join(dir, 'nightshift.env'), 'IO_CONCURRENCY=256\nIO_WORKERS=2\n');
  const bed = await openHere(dir);
  bed.begin();
  const since = performance.now();
  const done = new Promise<void>((resolve) => {
    bed.journal.onDurable(() => {
      if (bed.state.totals.succeeded > tasks) resolve();
    });
  });
  const { id } = await bed.runs.start({ pipeline: 'four', params: { count: tasks / stages } }, by);
  await done;
  const value = tasks / ((performance.now() - since) / 1_000);
  const { counts, state } = await bed.runs.show(id);
  if (state !== 'succeeded' || counts.succeeded !== tasks + 1)
    throw new Error(`the run ${state}: ${JSON.stringify(counts)}`);
  removeFolder(dir);
  return [
    {
      name: `a run of ${tasks.toLocaleString('en')} no-op tasks in four stages`,
      value,
      unit: perSecond,
      target: 15_000,
      floor: 'floor: Piscina round trips, one by one',
    },
  ];
};
