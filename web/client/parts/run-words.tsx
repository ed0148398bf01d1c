/** States of runs and of their stages as an icon and a word. */
import type { RunState, StageState } from '../../../supervisor/core/run/run-state.ts';
import { say } from '../language.ts';
import type { IconName } from './icon.tsx';
import { type Tone, Word } from './state-word.tsx';

const RUN_STATES: Readonly<Record<RunState, readonly [IconName, Tone]>> = {
  running: ['running', 'active'],
  queued: ['queued', 'quiet'],
  pausing: ['pause', 'warn'],
  paused: ['pause', 'warn'],
  succeeded: ['succeeded', 'good'],
  partially_failed: ['warning', 'warn'],
  failed: ['failed', 'bad'],
  canceled: ['canceled', 'quiet'],
};
export const RUN_STATE_ORDER = Object.keys(RUN_STATES) as readonly RunState[];

const STAGE_STATES: Readonly<Record<StageState, readonly [IconName, Tone]>> = {
  waiting: ['idle', 'quiet'],
  running: ['running', 'active'],
  paused: ['pause', 'warn'],
  stopped: ['stopping', 'bad'],
  ended: ['succeeded', 'quiet'],
};

export function RunStateWord({ state }: { state: RunState }) {
  // A newer supervisor may know states that this page does not.
  if (!(state in RUN_STATES)) return <Word icon="info" tone="quiet" word={state} />;
  const [icon, tone] = RUN_STATES[state];
  return <Word icon={icon} tone={tone} word={say().runs.states[state]} />;
}

export function StageStateWord({ state }: { state: StageState }) {
  if (!(state in STAGE_STATES)) return <Word icon="info" tone="quiet" word={state} />;
  const [icon, tone] = STAGE_STATES[state];
  return <Word icon={icon} tone={tone} word={say().runs.stageStates[state]} />;
}
