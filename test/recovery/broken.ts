/** What was promised, compared with what is there in the end: sentences about what is not so. */
import type { TaskView } from '../../supervisor/facade.ts';
import type { Ledger } from './ledger.ts';

/** Promises to whoever submitted: each task is there once, and ended as it should. */
export function brokenBySubmitters(tasks: readonly TaskView[], ledger: Ledger): string[] {
  const broken: string[] = [];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  if (byId.size !== tasks.length) broken.push(`${tasks.length - byId.size} tasks are listed twice`);
  for (const id of ledger.acknowledged) {
    const task = byId.get(id);
    if (!task) broken.push(`task ${id} was acknowledged and is gone`);
    else if (task.state !== 'succeeded' && task.error?.message !== 'as asked')
      broken.push(`task ${id} ended as ${task.state}: ${task.error?.code}`);
  }
  const count = (member: string) => {
    const counts = new Map<string, number>();
    for (const { params } of tasks) {
      const name = (params as Record<string, string>)[member];
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  };
  const keys = new Map<string, number>();
  for (const { idempotencyKey } of tasks)
    if (idempotencyKey !== null) keys.set(idempotencyKey, (keys.get(idempotencyKey) ?? 0) + 1);
  for (const [key, times] of keys) if (times !== 1) broken.push(`key ${key} has ${times} tasks`);
  for (const key of ledger.idOfKey.keys()) if (!keys.has(key)) broken.push(`key ${key} has no task`);
  const lists = count('list');
  for (const [name, { count: wanted, acknowledged }] of ledger.lists) {
    const found = lists.get(name) ?? 0;
    if (found !== wanted && (acknowledged || found !== 0)) broken.push(`list ${name} of ${wanted} has ${found} tasks`);
  }
  const files = count('drop');
  for (const [name, wanted] of ledger.files)
    if (files.get(name) !== wanted) broken.push(`file ${name} of ${wanted} has ${files.get(name) ?? 0} tasks`);
  return broken;
}

/** Promises about what ran: each attempt once, and nothing after its recorded end. */
export function brokenByExecutions(tasks: readonly TaskView[], ran: readonly string[], ledger: Ledger): string[] {
  const broken: string[] = [];
  const times = new Map<string, number>();
  for (const line of ran) times.set(line, (times.get(line) ?? 0) + 1);
  for (const [line, count] of times) if (count > 1) broken.push(`attempt ${line} was executed ${count} times`);
  const known = new Map(tasks.map((task) => [task.id, task]));
  for (const line of times.keys()) {
    const [id = '', attempt] = line.split(' ');
    const task = known.get(id);
    if (!task) broken.push(`task ${id} was executed and is gone`);
    else if (Number(attempt) > task.attempt)
      broken.push(`task ${id} ended with attempt ${task.attempt} and was executed as attempt ${attempt}`);
  }
  for (const [id, ending] of ledger.finished.byId) {
    const task = known.get(id);
    const was = `${ending.state} with attempt ${ending.attempt} (${ending.where})`;
    if (!task) broken.push(`task ${id} was ${was} and is gone`);
    else if (task.attempt !== ending.attempt || task.state !== ending.state)
      broken.push(`task ${id} was ${was} and is ${task.state} with attempt ${task.attempt}`);
  }
  for (const task of tasks) {
    if (task.state === 'succeeded' && !times.has(`${task.id} ${task.attempt}`))
      broken.push(`task ${task.id} succeeded without having been executed`);
  }
  return [...broken, ...ledger.finished.broken];
}
