/** The dialog that starts a run. */
import type { RunRecord } from '../../../supervisor/core/run/record.ts';
import { post } from '../api.ts';
import { say } from '../language.ts';
import { go, runPath } from '../router.ts';
import { starting } from '../run-actions.ts';
import { ownRunMistakes, type RunDraft, runBodyOf, runMistakesOf } from '../run-draft.ts';
import { DraftDialog } from './draft-dialog.tsx';
import { RunFields } from './run-fields.tsx';
import { toast } from './toasts.tsx';

export function StartRun() {
  const began = starting.value;
  if (!began) return null;
  const words = say().runs;
  return (
    <DraftDialog<RunDraft>
      title={words.start}
      submit={words.form.submit}
      began={began}
      isWritten={(draft) => isWritten(draft, began)}
      discard={words.form}
      check={ownRunMistakes}
      send={send}
      mistakesOf={({ mistakes, message }, draft) => runMistakesOf(mistakes, message, draft)}
      close={close}
    >
      {(props) => <RunFields {...props} />}
    </DraftDialog>
  );
}

function close(): void {
  starting.value = null;
}

/** A pipeline alone is chosen again in a moment. */
function isWritten({ pipeline, ...written }: RunDraft, began: RunDraft): boolean {
  return JSON.stringify({ pipeline, ...written }) !== JSON.stringify({ ...began, pipeline });
}

async function send(draft: RunDraft): Promise<void> {
  const { run } = await post<{ run: RunRecord }>('runs', runBodyOf(draft));
  close();
  toast(say().runs.told.started(run.pipeline));
  go(runPath(run.id));
}
