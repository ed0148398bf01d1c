/** The buttons that act on one run; only what its state allows is there. */
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { say } from '../language.ts';
import { cancelRun, isOver, mayDo, pauseRun, resumeRun, retryRun, starting } from '../run-actions.ts';
import { draftOf } from '../run-draft.ts';
import { mayAdd } from './add-button.tsx';
import { Icon } from './icon.tsx';

export function RunButtons({ run }: { run: RunRecord }) {
  const words = say().runs.do;
  const acts = [
    ['retry', 'retrying', words.retry(run.counts.failed), () => retryRun(run.id, null)],
    ['resume', 'resume', words.resume, () => resumeRun(run.id)],
    ['pause', 'pause', words.pause, () => pauseRun(run)],
    ['cancel', 'cancel', words.cancel, () => cancelRun(run)],
  ] as const;
  const again = () => {
    starting.value = draftOf(run);
  };
  return (
    <span class="task-buttons">
      {acts
        .filter(([action]) => mayDo(run, action))
        .map(([action, icon, name, act]) => (
          <button key={action} type="button" onClick={() => void act()}>
            <Icon name={icon} />
            {name}
          </button>
        ))}
      {isOver(run) && mayAdd.value && (
        <button type="button" onClick={again}>
          <Icon name="run" />
          {words.again}
        </button>
      )}
    </span>
  );
}
