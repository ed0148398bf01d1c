/** A handler that is changed while thousands of its tasks wait and run: nothing is lost, doubled, or mixed up. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { TaskView } from '../../supervisor/facade.ts';
import type { HandlerDescription } from '../../workers/contract.ts';
import { startFor } from '../helpers/supervised.ts';
import { eventually, type SupervisorProcess } from '../helpers/supervisor-process.ts';

const tasks = 5_000;
const workers = 3;
/** From this one on the old version waits, so that it cannot have done everything before the new one comes. */
const heldFrom = 4_000;

/**
 * Writes a line when it begins and one when it ends, each at the end of the file in one call. Some take a moment, so that
 * tasks go alone as well as several together; the first stays until it is let go.
 */
const source = (value: string, holds: boolean) => `
import { appendFileSync, existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'counted',
  maxAttempts: 1,
  async run({ number, ran, go, served }, ctx) {
    appendFileSync(ran, 'begin ' + ctx.task.id + ' ${value}\\n');
    if (number % 10 === 0) await wait(2);
    if (number === 0) while (!existsSync(go)) await wait(10);
    if (${holds} && number >= ${heldFrom}) while (!existsSync(served)) await wait(10);
    appendFileSync(ran, 'end ' + ctx.task.id + ' ${value}\\n');
    return '${value}';
  },
};
`;

async function versionOf(supervisor: SupervisorProcess, not: string | null): Promise<string> {
  return eventually('a new version', async () => {
    const { body } = await supervisor.call<{ items: readonly HandlerDescription[] }>('GET', '/handlers');
    const found = body.items.find(({ type }) => type === 'counted')?.version ?? null;
    return found === not ? null : found;
  });
}

/** Of each task the version that began it, and the most that were under way at once. */
function readRuns(text: string): { readonly begun: ReadonlyMap<string, string>; readonly atOnceMost: number } {
  const begun = new Map<string, string>();
  const under = new Set<string>();
  let atOnceMost = 0;
  for (const line of text.split('\n').slice(0, -1)) {
    const [word, id = '', value = ''] = line.split(' ');
    if (word === 'begin') {
      if (begun.has(id)) throw new Error(`${id} ran twice`);
      begun.set(id, value);
      under.add(id);
    } else if (begun.get(id) !== value || !under.delete(id))
      throw new Error(`${line}, but began with ${begun.get(id)}`);
    atOnceMost = Math.max(atOnceMost, under.size);
  }
  return { begun, atOnceMost };
}

t.test('of 5,000 tasks a reload loses none and runs none twice; each ends on the version it began with', async (t) => {
  const settings = { WORKERS: String(workers) };
  const supervisor = await startFor(t, { 'counted.mjs': source('old', true) }, { settings });
  const old = await versionOf(supervisor, null);
  const [ran = '', go = '', served = ''] = ['ran', 'go', 'served'].map((name) =>
    join(supervisor.folder.dir, '..', name),
  );
  const list = (from: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      type: 'counted',
      params: { number: from + index, ran, go, served },
    }));
  const submit = async (given: readonly object[]) => {
    const { status, body } = await supervisor.call<{ tasks: readonly TaskView[] }>('POST', '/tasks', given);
    t.equal(status, 201);
    return body.tasks.map(({ id }) => id);
  };
  const ids = await submit(list(0, tasks));
  const [first = ''] = ids;
  await eventually('work to be under way', () =>
    existsSync(ran) && readFileSync(ran, 'utf8').split('\n').length > 500 ? true : null,
  );
  const file = join(supervisor.folder.dir, 'handlers', 'counted.mjs');
  writeFileSync(`${file}.tmp`, source('new', false));
  renameSync(`${file}.tmp`, file);
  const fresh = await versionOf(supervisor, old);
  const late = await submit(list(tasks, 100));
  for (const id of late) await supervisor.until(id, 'queued', 'running', 'succeeded');
  t.equal((await supervisor.task(first)).state, 'running', 'what began with the old one goes on');
  writeFileSync(served, '');
  await eventually(
    'all the others to end',
    async () => {
      const { queued = 0, running = 0 } = await supervisor.counts();
      return queued === 0 && running === 1 ? true : null;
    },
    120_000,
  );
  writeFileSync(go, '');
  await supervisor.until(first, 'succeeded', 'failed');

  const views = await supervisor.tasks('&type=counted');
  t.same(new Set(views.map(({ id }) => id)), new Set([...ids, ...late]), 'none is lost');
  t.same(
    views.filter(({ state }) => state !== 'succeeded').map(({ id }) => id),
    [],
  );
  const { begun, atOnceMost } = readRuns(readFileSync(ran, 'utf8'));
  t.equal(begun.size, tasks + late.length, 'each ran, once');
  t.ok(atOnceMost <= workers, `${atOnceMost} at once in ${workers} slots, old and new together`);
  const versions: Readonly<Record<string, string>> = { old, new: fresh };
  const mixed = views.filter((view) => {
    const value = begun.get(view.id) ?? '';
    return view.result !== value || view.attempts.at(-1)?.handlerVersion !== versions[value];
  });
  t.same(mixed, [], 'history names the version that ran');
  t.equal(begun.get(first), 'old');
  t.same(new Set(late.map((id) => begun.get(id))), new Set(['new']), 'what comes afterwards takes the new one');
  const starts = (value: string) =>
    views
      .filter(({ id }) => begun.get(id) === value)
      .map(({ attempts }) => Date.parse(attempts.at(-1)?.startedAt ?? ''));
  const [before, after] = [starts('old'), starts('new')];
  t.ok(before.length > 0 && after.length > late.length, `${before.length} on the old one, ${after.length} on the new`);
  t.ok(Math.max(...before) <= Math.min(...after), 'from one moment on, all that starts takes the new one');
});
