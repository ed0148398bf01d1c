/** The table of live tasks against a `Map`, which it stands in for. */
import fc from 'fast-check';
import t from 'tap';
import { TaskTable } from '../../supervisor/core/task-table.ts';
import { freeTask, idOf } from './fixtures.ts';

/** Ids whose ends are alike stand in one row of slots, also over the end of the table. */
const number = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 1_010, max: 1_023 }),
  fc.integer({ min: 0, max: 20 }).map((high) => high * 1_024 + 1_020),
);
const step = fc.record({ what: fc.constantFrom('add', 'add', 'delete'), number });

t.test('the table holds what a Map holds, whatever is put in and taken out', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const [table, model] = [new TaskTable(), new Map<string, unknown>()];
      for (const { what, number } of steps) {
        const task = freeTask(number);
        if (what === 'add') {
          table.add(task);
          model.set(task.id, task);
        } else if (table.delete(task.id) !== model.delete(task.id)) return false;
        if (table.size !== model.size) return false;
      }
      const values = new Set<unknown>(table.values());
      return (
        values.size === model.size &&
        steps.every(({ number }) => table.get(idOf(number)) === model.get(idOf(number))) &&
        [...model].every(([id, task]) => values.has(task) && table.has(id))
      );
    }),
    { numRuns: 500 },
  );
});

t.test('it grows without losing one, and takes in as many again after all have left', async (t) => {
  const table = new TaskTable();
  for (let round = 0; round < 2; round++) {
    for (let number = 0; number < 10_000; number++) table.add(freeTask(number));
    t.equal(table.size, 10_000);
    for (let number = 0; number < 10_000; number++) if (table.get(idOf(number))?.seq !== number) t.fail(`${number}`);
    for (let number = 0; number < 10_000; number++) table.delete(idOf(number));
    t.same([table.size, [...table.values()]], [0, []]);
  }
});

t.test('what is no id of a task is simply not there', async (t) => {
  const table = new TaskTable();
  table.add(freeTask(1));
  for (const id of ['', '1', 'ä', idOf(1).slice(1), `${idOf(1)} `, 'x'.repeat(10_000)]) {
    t.equal(table.get(id), undefined);
    t.notOk(table.delete(id));
  }
  t.ok(table.has(idOf(1)));
});
