/** The answer to "why is this not running?", in words a person can act on. */
import { heldBySuspects, soloUntil } from './decide/claim.ts';
import { blockOf } from './gate.ts';
import { iso, type Waiting, type WaitingReason } from './record.ts';
import { type Run, type StageLife, stageOf } from './run/run.ts';
import type { Pause, State } from './state.ts';
import type { Task } from './task.ts';

export interface Surroundings {
  readonly diskFull: boolean;
}

/** @returns null for a task that runs or has ended */
export function waitingOf(state: State, task: Task, now: number, { diskFull }: Surroundings): Waiting | null {
  switch (task.state) {
    case 'scheduled':
      return waiting('scheduled', 'its time has not come', task.at);
    case 'retrying':
      return waiting(
        'backoff',
        `attempt ${task.life?.attempts.at(-1)?.number ?? 1} did not succeed; it is tried again`,
        task.at,
      );
    case 'interrupted':
      return waiting('interrupted', 'it was cut by a stop and says onInterrupt "hold": retry it, or cancel it');
    case 'queued':
      return whileQueued(state, task, now, diskFull);
    default:
      return null;
  }
}

function whileQueued(state: State, task: Task, now: number, diskFull: boolean): Waiting {
  const { type, group, run } = task.options;
  const block = blockOf(state, task.options, now);
  if (block?.startsWith('handler:'))
    return waiting('no-handler', `no handler for ${type}: put one into the handlers folder`);
  if (state.draining) return waiting('drain', 'the supervisor is stopping; it runs after the next start');
  if (diskFull) return waiting('disk-full', 'the disk is full: make room and it goes on by itself');
  if (state.pausedAll) return waiting('paused', `the queue is paused${because(state.pausedAll)}`);
  const paused = state.pausedTypes.get(type);
  if (paused) return waiting('paused', `${type} is paused${because(paused)}`);
  if (block?.startsWith('flag:'))
    return waiting('paused', `the feature flag ${state.switchedOff.get(type)} is off: switch it on and it goes on`);
  if (block && run && /^(run|stage)/.test(block)) return whileInRun(state, block, run);
  if (block?.startsWith('type:'))
    return waiting('concurrency', `at most ${state.limits.concurrencyByType.get(type)} of ${type} run at once`);
  if (block?.startsWith('group:')) {
    return waiting(
      'concurrency',
      `at most ${state.limits.concurrencyByGroup.get(group as string)} of group ${group} run at once`,
    );
  }
  if (block) {
    const window = state.rates.get(group as string);
    return waiting(
      'rate-limit',
      `group ${group} starts at most ${window?.rate.count} in ${window?.rate.perMs} ms`,
      window?.nextAt(),
    );
  }
  if (heldBySuspects(state, now)) return waiting('recovery', RECOVERY, soloUntil(state) ?? undefined);
  return waiting('concurrency', `all slots are taken; ${state.ready.size} tasks are queued`);
}

/** @param block what its run has against it */
function whileInRun(state: State, block: string, ref: { readonly id: string; readonly stage: string }): Waiting {
  const run = state.runs.byId.get(ref.id) as Run;
  const life = stageOf(run, ref.stage) as StageLife;
  if (block.startsWith('stage:')) return waiting('stage', `stage ${ref.stage} begins when the one before it has ended`);
  if (block.startsWith('stage-room:'))
    return waiting('concurrency', `at most ${life.stage.concurrency} of stage ${ref.stage} run at once`);
  if (block.startsWith('stage-rate:')) {
    const { window } = life;
    return waiting(
      'rate-limit',
      `stage ${ref.stage} starts at most ${window?.rate.count} in ${window?.rate.perMs} ms`,
      window?.nextAt(),
    );
  }
  if (run.cancel) return waiting('paused', 'its run is being canceled');
  if (run.stop)
    return waiting(
      'stage',
      `failures of stage ${run.stop.stage} stopped its run: retry what failed, or resume or cancel the run`,
    );
  return waiting('paused', `its run is paused${run.pause && because(run.pause)}`);
}

export const RECOVERY =
  'after a crash what was running then runs alone, one after another, to find out what killed the supervisor; the rest follows';

function because(pause: Pick<Pause, 'reason'>): string {
  return pause.reason === '' ? '' : `: ${pause.reason}`;
}

function waiting(reason: WaitingReason, detail: string, until?: number): Waiting {
  return { reason, detail, until: until === undefined ? null : iso(until) };
}
