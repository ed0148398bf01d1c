/** One revision: who made it, and what it changed or how it differs from what is in force. */
import { useSignal } from '@preact/signals';
import type { RevisionView } from '../../../supervisor/settings-facade.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { diffLive } from '../resources.ts';
import { mayAdminister } from '../session.ts';
import { Dialog } from './dialog.tsx';
import { Differences } from './differences.tsx';
import { Time } from './time.tsx';

interface RevisionDialogProps {
  revision: RevisionView;
  /** Id of what is in force. */
  current: string | null;
  apply(): void;
  close(): void;
}

export function RevisionDialog({ revision, current, apply, close }: RevisionDialogProps) {
  const { id } = revision;
  const others = current !== null && current !== id;
  const withCurrent = useSignal(false);
  const against = withCurrent.value && others ? current : null;
  const live = useLive(`${id} ${against}`, diffLive(id, against));
  const words = say();
  return (
    <Dialog title={words.settings.revision.title(id)} wide onClose={close}>
      <div class="dialog-body">
        <Made revision={revision} />
        {others && (
          <Against current={current} chosen={withCurrent.value} choose={(chosen) => (withCurrent.value = chosen)} />
        )}
        <Differences id={id} live={live} />
        <div class="dialog-foot">
          <button type="button" data-first onClick={close}>
            {words.do.close}
          </button>
          {mayAdminister.value && others && (
            <button type="button" class="primary" onClick={apply}>
              {`${words.settings.revision.apply}: ${id} …`}
            </button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function Made({ revision: { createdAt, by, from, note } }: { revision: RevisionView }) {
  const words = say().settings.revision;
  return (
    <p>
      <Time at={createdAt} /> · {words.byWhom[by]}
      {from !== null && <span class="muted"> · {from}</span>}
      {note !== null && <span class="revision-note">{note}</span>}
    </p>
  );
}

interface AgainstProps {
  current: string;
  /** True for what is in force. */
  chosen: boolean;
  choose(current: boolean): void;
}

function Against({ current, chosen, choose }: AgainstProps) {
  const words = say().settings.revision;
  const choices = [
    [false, words.before],
    [true, words.inForce(current)],
  ] as const;
  return (
    <fieldset class="segments">
      <legend class="field-name">{words.against}</legend>
      {choices.map(([value, name]) => (
        <label key={name}>
          <input type="radio" name="against" checked={chosen === value} onChange={() => choose(value)} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
