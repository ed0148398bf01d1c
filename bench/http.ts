/** The API from outside: the supervisor in a process of its own, the callers in this one. */
import { Pool } from 'undici';
import { freshFolder, given, post, removeFolder, startProgram } from './bed.ts';
import { type Bench, perSecond } from './figure.ts';

export const http: Bench = async (quick) => {
  const ms = quick ? 500 : 3_000;
  const dir = freshFolder();
  const program = await startProgram(dir);
  await post(program.url, '/queue/pause', { reason: 'bench' });
  const lists = await rate(program.url, 4, 1_000, ms);
  const singles = await rate(program.url, 64, 1, ms);
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
  ];
};

async function rate(url: string, connections: number, listLength: number, ms: number): Promise<number> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const one = given(1);
  const body = JSON.stringify(
    listLength === 1 ? one : Array.from({ length: listLength }, (_, number) => given(number)),
  );
  const headers = { 'content-type': 'application/json' };
  const call = async () => {
    const answer = await pool.request({ path: '/api/v1/tasks', method: 'POST', headers, body });
    await answer.body.dump({ limit: 64 * 1024 * 1024 });
    if (answer.statusCode !== 201) throw new Error(`POST /tasks answered ${answer.statusCode}`);
  };
  const during = async (span: number) => {
    const since = performance.now();
    let done = 0;
    const caller = async () => {
      while (performance.now() - since < span) {
        await call();
        done += listLength;
      }
    };
    await Promise.all(Array.from({ length: connections }, caller));
    return done / ((performance.now() - since) / 1_000);
  };
  await during(ms / 4);
  const value = await during(ms);
  await pool.close();
  return value;
}
