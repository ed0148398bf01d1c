/** A pipeline of three stages for pages of the real program: its handlers do as their params say. */
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import type { SupervisorProcess } from '../../helpers/supervisor-process.ts';

/** One task of the next stage a name. */
const LIST = `
export default {
  type: 'list',
  async run({ names, ...rest }, ctx) {
    for (const name of names) await ctx.next({ key: name, label: \`Track \${name}\`, params: { name, ...rest } });
    return { names: names.length };
  },
};
`;

/** Waits for the file \`hold\`; fails for names in \`fails\` until the file \`mended\` is there; passes the rest on. */
const FETCH = `
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'fetch',
  lane: 'io',
  maxAttempts: 1,
  async run({ name, hold, fails = [], mended = '' }, ctx) {
    while (hold && !existsSync(hold)) await wait(20, undefined, { signal: ctx.signal });
    if (fails.includes(name) && !existsSync(mended)) throw new Error('no route to host');
    if (ctx.task.run.stage === 'download') await ctx.next({ key: name, label: \`Track \${name}\`, params: { name } });
  },
};
`;

export const pipeline = (name: string, onFailure: string) => `
name: ${name}
note: Everything new, every night.
stages:
  - { name: collect, type: list }
  - { name: download, type: fetch, start: flow, concurrency: 2, onFailure: ${onFailure} }
  - { name: upload, type: fetch, start: flow }
`;

/** Below the data folder. */
export const RUN_FILES = {
  'handlers/list.mjs': LIST,
  'handlers/fetch.mjs': FETCH,
  'pipelines/podcasts.yaml': pipeline('podcasts', 'continue'),
};

/** @returns the id of the run */
export async function startRun(supervisor: SupervisorProcess, params: Record<string, unknown>, name = 'podcasts') {
  const { status, body } = await supervisor.call<{ run: RunRecord }>('POST', '/runs', { pipeline: name, params });
  if (status !== 201) throw new Error(JSON.stringify(body));
  return body.run.id;
}
