/** A state, an outcome or a severity as an icon and a word, so that nobody depends on color. */

import type { Outcome, TaskState } from '../../../supervisor/core/task.ts';
import type { TaskView, WorkerView } from '../../../supervisor/facade.ts';
import { say } from '../language.ts';
import { Icon, type IconName } from './icon.tsx';

export type Tone = 'good' | 'bad' | 'warn' | 'active' | 'quiet';

export const STATES: Readonly<Record<TaskState, Tone>> = {
  running: 'active',
  queued: 'quiet',
  scheduled: 'quiet',
  retrying: 'warn',
  interrupted: 'warn',
  succeeded: 'good',
  failed: 'bad',
  canceled: 'quiet',
};
export const STATE_ORDER = Object.keys(STATES) as readonly TaskState[];

const OUTCOMES: Readonly<Record<Outcome, Tone>> = {
  succeeded: 'good',
  failed: 'bad',
  timed_out: 'bad',
  worker_crashed: 'bad',
  canceled: 'quiet',
  interrupted: 'warn',
};

const WORKERS: Readonly<Record<WorkerView['state'], Tone>> = {
  starting: 'quiet',
  idle: 'quiet',
  busy: 'active',
  draining: 'warn',
  unresponsive: 'bad',
};

export function Word({ icon, tone, word }: { icon: IconName; tone: Tone; word: string }) {
  return (
    <span class={`word ${tone}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

export function StateWord({ state }: { state: TaskState }) {
  return <Word icon={state} tone={STATES[state]} word={say().states[state]} />;
}

/** A running task that was asked to stop says so: its state stays `running` until the attempt ends. */
export function TaskStateWord({ task }: { task: TaskView }) {
  if (task.state === 'running' && task.cancelRequestedAt !== null) {
    return <Word icon="stopping" tone="warn" word={say().states.stopping} />;
  }
  return <StateWord state={task.state} />;
}

export function OutcomeWord({ outcome }: { outcome: Outcome | null }) {
  if (outcome === null) return <Word icon="running" tone="active" word={say().outcomes.running} />;
  return <Word icon={outcome} tone={OUTCOMES[outcome]} word={say().outcomes[outcome]} />;
}

export function outcomeTone(outcome: Outcome | null): Tone {
  return outcome === null ? 'active' : OUTCOMES[outcome];
}

export function WorkerWord({ state }: { state: WorkerView['state'] }) {
  // A newer supervisor may know states that this page does not.
  if (!(state in WORKERS)) return <Word icon="info" tone="quiet" word={state} />;
  return <Word icon={state} tone={WORKERS[state]} word={say().workerStates[state]} />;
}

export function FlagWord({ on }: { on: boolean }) {
  const { flag } = say().settings;
  return <Word icon={on ? 'succeeded' : 'idle'} tone={on ? 'good' : 'quiet'} word={on ? flag.on : flag.off} />;
}

const SEVERITIES = { info: 'quiet', warning: 'warn', error: 'bad' } as const;

export function SeverityWord({ severity }: { severity: keyof typeof SEVERITIES }) {
  return <Word icon={severity} tone={SEVERITIES[severity]} word={say().severities[severity]} />;
}
