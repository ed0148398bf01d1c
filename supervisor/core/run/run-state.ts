/** How a run is, derived from its tasks and from what people asked: never kept, so it cannot contradict them. */
import { type Run, type StageLife, unfinished } from './run.ts';

export const RUN_STATES = {
  queued: 'none of its tasks has started yet',
  running: 'its tasks are being worked off',
  pausing: 'somebody paused it; tasks that were running finish',
  paused: 'nothing of it runs until somebody resumes it',
  succeeded: 'ended, and nothing failed',
  partially_failed: 'ended; some of its tasks failed',
  failed: 'failures stopped it, or it ended with nothing that succeeded',
  canceled: 'ended because somebody asked',
} as const;
export type RunState = keyof typeof RUN_STATES;
export const RUN_STATE_NAMES = Object.keys(RUN_STATES) as readonly RunState[];

/** Nothing of it goes on by itself; also of one that its failures stopped. */
export function isOver(state: RunState): boolean {
  return state === 'succeeded' || state === 'partially_failed' || state === 'failed' || state === 'canceled';
}

export type RunFacts = Pick<Run, 'pause' | 'cancel' | 'stop'> & {
  readonly stages: readonly Pick<
    StageLife,
    'accepted' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'startedAt'
  >[];
};

export function runState(run: Pick<Run, 'pause' | 'cancel' | 'stop' | 'stages'> | RunFacts): RunState {
  const { pause, cancel, stop } = run;
  const stages = run.stages as RunFacts['stages'];
  const running = stages.reduce((sum, stage) => sum + stage.running, 0);
  if (cancel) return running > 0 ? 'running' : 'canceled';
  if (stages.every((stage) => unfinished(stage) === 0)) return endedState(stages, stop !== null);
  if (stop) return running > 0 ? 'running' : 'failed';
  if (pause) return running > 0 ? 'pausing' : 'paused';
  return stages.some(({ startedAt }) => startedAt !== null) ? 'running' : 'queued';
}

function endedState(stages: RunFacts['stages'], stopped: boolean): RunState {
  const sum = (what: 'succeeded' | 'failed' | 'canceled') => stages.reduce((all, stage) => all + stage[what], 0);
  if (sum('failed') > 0) return stopped || sum('succeeded') === 0 ? 'failed' : 'partially_failed';
  return sum('canceled') > 0 && sum('succeeded') === 0 ? 'canceled' : 'succeeded';
}

export const STAGE_STATES = {
  waiting: 'a stage before it has not ended, or nothing has come yet',
  running: 'its tasks may run',
  paused: 'its tasks wait until somebody resumes the run',
  stopped: 'its tasks wait, as failures have stopped the run',
  ended: 'nothing of it is left, and nothing can come',
} as const;
export type StageState = keyof typeof STAGE_STATES;

export function stageState(run: Run, index: number): StageState {
  const life = run.stages[index] as StageLife;
  if (index < run.stagesEnded) return 'ended';
  if (life.stage.start === 'after' && index > run.stagesEnded) return 'waiting';
  if (life.accepted === 0) return 'waiting';
  if (life.running > 0) return 'running';
  if (run.stop) return 'stopped';
  return run.pause ? 'paused' : 'running';
}

/** When it will have ended if it goes on as it has so far, ms since 1970; null while that cannot be said. */
export function estimatedEnd(run: Run, startedAt: number | null, now: number): number | null {
  if (startedAt === null || runState(run) !== 'running' || run.cancel || run.stop) return null;
  const left = run.stages.reduce((sum, stage) => sum + unfinished(stage), 0);
  const ended = run.stages.reduce((sum, stage) => sum + stage.accepted, 0) - left;
  const workedMs = now - startedAt - run.pausedMs;
  return ended === 0 || workedMs <= 0 ? null : Math.round(now + (workedMs / ended) * left);
}

export function firstStart(run: Pick<Run, 'stages'>): number | null {
  const starts = run.stages.flatMap(({ startedAt }) => startedAt ?? []);
  return starts.length === 0 ? null : Math.min(...starts);
}
