/** A supervisor in this process on a folder of its own: the real parts, without the web and without the process. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, machineClock } from '../../supervisor/clock.ts';
import type { Fault } from '../../supervisor/core/fault.ts';
import { checkTask, type TaskInput } from '../../supervisor/core/task-input.ts';
import type { TaskView } from '../../supervisor/facade.ts';
import { Health } from '../../supervisor/health.ts';
import { lockDataFolder } from '../../supervisor/journal/lock.ts';
import { makeLog } from '../../supervisor/log.ts';
import { type Opened, openSupervisor } from '../../supervisor/open.ts';
import { loadSettings } from '../../supervisor/settings/load.ts';
import { drain } from '../../supervisor/stop.ts';

/** Its params say how it ends: `{ end: 'ok' | 'fail' | 'hang' | 'permanent', ms?, value? }`. */
const SCRIPTED = `
export default {
  type: 'scripted',
  async run(params, ctx) {
    if (params.log) ctx.log.info(params.log);
    if (params.checkpoint) { await ctx.checkpoint(params.checkpoint); }
    if (params.submit) await ctx.submit(params.submit);
    if (params.end === 'hang') await new Promise((resolve, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
    if (params.end === 'fail') throw new Error('as asked');
    if (params.end === 'permanent') throw Object.assign(new Error('for good'), { retryable: false });
    return { value: params.value ?? null, resume: ctx.resume ?? null };
  },
};
`;

export const anybody = { origin: 'http', from: null } as const;

export interface TestSupervisor extends Opened {
  readonly dataDir: string;
  readonly faults: readonly Fault[];
  /** Ends as an orderly stop does. */
  stop(): Promise<void>;
  /** Lets go of everything without a word, as a crash does; what runs is cut. */
  crash(): Promise<void>;
}

export function freshFolder(): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'nightshift-test-'));
  mkdirSync(join(dataDir, 'handlers'));
  writeFileSync(join(dataDir, 'handlers', 'scripted.mjs'), SCRIPTED);
  return dataDir;
}

/** One that goes with its test. */
export function testFolder(test: { teardown(remove: () => void): void }): string {
  const dataDir = freshFolder();
  test.teardown(() => removeFolder(dataDir));
  return dataDir;
}

export function removeFolder(dataDir: string): void {
  rmSync(dataDir, { recursive: true, force: true });
}

export async function openTestSupervisor(
  dataDir: string,
  {
    settings = '',
    clock = machineClock,
    bootId = 'boot-1',
  }: { settings?: string; clock?: Clock; bootId?: string } = {},
): Promise<TestSupervisor> {
  const lock = await lockDataFolder(dataDir, {});
  writeFileSync(join(dataDir, 'nightshift.env'), settings);
  const { settings: values, texts } = await loadSettings({ dataDir, environment: {}, flags: {} });
  const faults: Fault[] = [];
  const opened = await openSupervisor({
    dataDir,
    settings: values,
    texts,
    clock,
    health: new Health(clock),
    log: makeLog('silent'),
    onFault: (fault) => faults.push(fault),
    version: '0.0.0',
    incarnation: `test-${Date.now()}`,
    bootId,
  });
  return {
    ...opened,
    dataDir,
    faults,
    async stop() {
      await drain(opened, { stop: async () => {} }, { drainTimeoutMs: 1_000, graceMs: 1_000 });
      opened.recorder.record({ e: 'supervisor.stopped', incarnation: 'test' });
      await letGo(opened);
      await lock.release();
    },
    async crash() {
      await opened.pool.close();
      await letGo(opened);
      await lock.release();
    },
  };
}

async function letGo(opened: Opened): Promise<void> {
  const { dispatcher, timekeeper, recorder, history, logs, journal, pool } = opened;
  await opened.handlers.end();
  await opened.pipelines.end();
  await opened.sources.end();
  await opened.paramsCheck.close();
  dispatcher.close();
  await timekeeper.stop();
  await recorder.departed();
  await Promise.all([history.close(), opened.pastRuns.close(), opened.ledger.close(), logs.close()]);
  await journal.close();
  await pool.close();
}

export function task(given: Record<string, unknown>): TaskInput {
  const checked = checkTask({ type: 'scripted', ...given });
  if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
  return checked.value;
}

/** Resolves when the task is as wanted; looks again after every durable batch. */
export function until(opened: Opened, id: string, wanted: (task: TaskView) => boolean): Promise<TaskView> {
  return new Promise((resolve, reject) => {
    const look = () => {
      opened.front.task(id).then((view) => {
        if (!view || !wanted(view)) return;
        stop();
        resolve(view);
      }, reject);
    };
    const stop = opened.front.events.subscribe(look);
    look();
  });
}
