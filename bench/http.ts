/** The API from outside: the supervisor in a process of its own, the callers in this one. */
import { freshFolder, given, post, removeFolder, startProgram } from './bed.ts';
import { type Bench, perSecond } from './figure.ts';
import { load } from './load.ts';

export const http: Bench = async (quick) => {
  const ms = quick ? 500 : 3_000;
  const dir = freshFolder();
  const program = await startProgram(dir);
  await post(program.url, '/queue/pause', { reason: 'bench' });
  const singles = await rate(program.url, 64, 1, ms);
  const lists = await rate(program.url, 4, 1_000, ms);
  // By now snapshots of all that is queued are written meanwhile.
  const singlesLater = await rate(program.url, 64, 1, ms);
  await program.kill();
  removeFolder(dir);
  return [
    {
      name: 'POST /tasks, 1,000 a call: tasks',
      value: lists,
      unit: perSecond,
      target: 80_000,
      floor: 'floor: append + fdatasync, 1000 at a time',
    },
    {
      name: 'POST /tasks, single, 64 connections: requests',
      value: singles,
      unit: perSecond,
      target: 8_000,
      floor: 'floor: append + fdatasync, 64 at a time',
    },
    {
      name: 'the same on top of all those lists: requests',
      value: singlesLater,
      unit: perSecond,
      target: null,
      floor: 'floor: append + fdatasync, 64 at a time',
    },
  ];
};

/** Tasks a second, warmed up for a quarter of the time. */
async function rate(url: string, connections: number, listLength: number, ms: number): Promise<number> {
  const tasks = Array.from({ length: listLength }, (_, number) => given(number));
  const body = JSON.stringify(listLength === 1 ? tasks[0] : tasks);
  const during = (span: number) => load({ url, path: '/api/v1/tasks', body, connections, ms: span });
  await during(ms / 4);
  return (await during(ms)) * listLength;
}
