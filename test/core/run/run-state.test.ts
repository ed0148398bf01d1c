import t from 'tap';
import { RUN_STATE_NAMES, type RunFacts, runState } from '../../../supervisor/core/run/run-state.ts';

const pause = { reason: '', by: 'http', since: 1 };
const cancel = { by: 'http', at: 1 };
const stop = { stage: 'a', at: 1 };

function stage(accepted: number, counts: Partial<RunFacts['stages'][number]> = {}): RunFacts['stages'][number] {
  return { accepted, running: 0, succeeded: 0, failed: 0, canceled: 0, startedAt: accepted > 0 ? 1 : null, ...counts };
}

t.test('the state of a run follows from its tasks and from what people asked', async (t) => {
  const fresh = stage(1, { startedAt: null });
  const done = stage(3, { succeeded: 3 });
  const table: [string, Partial<RunFacts>, string][] = [
    ['nothing has started', { stages: [fresh, stage(0)] }, 'queued'],
    ['nothing has started, and it is paused', { stages: [fresh], pause }, 'paused'],
    ['a task runs', { stages: [stage(3, { running: 1 })] }, 'running'],
    ['nothing runs just now', { stages: [stage(3, { succeeded: 1 })] }, 'running'],
    ['the second stage has work', { stages: [done, stage(2)] }, 'running'],
    ['paused while tasks run', { stages: [stage(3, { running: 1 })], pause }, 'pausing'],
    ['paused, and they have finished', { stages: [stage(3, { succeeded: 1 })], pause }, 'paused'],
    ['paused when its last task ended', { stages: [done], pause }, 'succeeded'],
    ['all succeeded', { stages: [done, done] }, 'succeeded'],
    ['all succeeded, and later stages had nothing to do', { stages: [done, stage(0)] }, 'succeeded'],
    ['one failed', { stages: [stage(3, { succeeded: 2, failed: 1 })] }, 'partially_failed'],
    ['all failed', { stages: [stage(2, { failed: 2 })] }, 'failed'],
    ['one was canceled by itself', { stages: [stage(3, { succeeded: 2, canceled: 1 })] }, 'succeeded'],
    ['all were canceled one by one', { stages: [stage(2, { canceled: 2 })] }, 'canceled'],
    ['failures stop it while tasks run', { stages: [stage(3, { failed: 1, running: 1 })], stop }, 'running'],
    ['failures have stopped it', { stages: [stage(3, { failed: 1, succeeded: 1 })], stop }, 'failed'],
    ['stopped and paused', { stages: [stage(3, { failed: 1, succeeded: 1 })], stop, pause }, 'failed'],
    ['the last failure would have stopped it', { stages: [stage(3, { failed: 1, succeeded: 2 })], stop }, 'failed'],
    ['canceled while a task runs', { stages: [stage(3, { running: 1 })], cancel }, 'running'],
    ['canceled', { stages: [stage(3, { succeeded: 1, canceled: 2 })], cancel }, 'canceled'],
    ['canceled, and some of it still waits to be', { stages: [stage(3)], cancel }, 'canceled'],
    ['canceled while it was paused', { stages: [stage(3, { canceled: 3 })], cancel, pause }, 'canceled'],
  ];
  for (const [name, facts, state] of table)
    t.equal(runState({ pause: null, cancel: null, stop: null, stages: [], ...facts }), state, name);
  t.same(new Set(table.map(([, , state]) => state)), new Set(RUN_STATE_NAMES), 'every state is met');
});
