/**
 * What a key of the store holds: looked at by a reader, edited or made by whoever may. It rests on the version that was
 * opened; when somebody else has set the key since, it says so and waits for a choice.
 */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { StoredRecord } from '../../../supervisor/core/store/record.ts';
import { Problem } from '../api.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { mayOperate } from '../session.ts';
import { letGo } from '../steady.ts';
import { opened, set } from '../store-actions.ts';
import { heldLive } from '../store-resources.ts';
import { draftOf, isWritten, mistakesOf, ownMistakes, type StoredDraft, type StoredMistakes } from '../stored-draft.ts';
import { refreshAll } from '../stream.ts';
import { ask } from './ask.tsx';
import { Dialog } from './dialog.tsx';
import { StoredFields } from './stored-fields.tsx';
import { StoredStale } from './stored-stale.tsx';
import { Time } from './time.tsx';
import { TimeLeft } from './time-left.tsx';

export function StoredDialog() {
  if (opened.value === null) return null;
  const stored = opened.value === 'new' ? null : opened.value;
  if (stored && !mayOperate.value) return <LookDialog stored={stored} />;
  return <EditDialog key={stored?.key ?? ''} stored={stored} />;
}

function close(): void {
  opened.value = null;
}

function LookDialog({ stored }: { stored: StoredRecord }) {
  const live = useLive(`held ${stored.key}`, heldLive(stored.key)).value.value;
  const now = live ? live.stored : stored;
  const words = say();
  return (
    <Dialog title={stored.key} wide onClose={close}>
      <div class="stored-look">
        {now ? <Facts stored={now} /> : <p class="muted">{words.store.form.deleted}</p>}
        {now && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
          <pre class="json" tabIndex={0}>
            {JSON.stringify(now.value, null, 2)}
          </pre>
        )}
      </div>
    </Dialog>
  );
}

function Facts({ stored: { version, setAt, expiresAt } }: { stored: StoredRecord }) {
  const words = say().store;
  return (
    <p class="stored-facts muted">
      <span>{words.ofVersion(number(version))}</span>
      <span>
        {words.setAt} <Time at={setAt} />
      </span>
      <span>
        {words.expires}: <TimeLeft expiresAt={expiresAt} />
      </span>
    </p>
  );
}

function EditDialog({ stored }: { stored: StoredRecord | null }) {
  const base = useSignal(stored);
  const draft = useSignal(draftOf(stored));
  const mistakes = useSignal<StoredMistakes>({});
  /** The server says that the key is at another version, which this page may not have heard of yet. */
  const refused = useSignal(false);
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  /** A new key is looked at only once it was refused. */
  const key = stored?.key ?? (refused.value ? draft.value.key : '');
  const live = useLive(`held ${key}`, heldLive(key));
  const now = live.value.value;
  const stale = refused.value || (!busy.value && key !== '' && now !== null && isOther(now.stored, base.value));

  const rest = (on: StoredRecord | null, part: Partial<StoredDraft>) => {
    base.value = on;
    refused.value = false;
    mistakes.value = {};
    draft.value = { ...draft.value, ...part };
  };
  // Where nothing was typed, what is there now is simply shown.
  useEffect(() => {
    if (stale && now?.stored && base.value && !isWritten(draft.value, base.value))
      rest(now.stored, draftOf(now.stored));
  });
  const change = (part: Partial<StoredDraft>) => {
    // Another name is another key, of which nothing is known yet.
    if (part.key !== undefined) {
      base.value = null;
      refused.value = false;
    }
    draft.value = { ...draft.value, ...part };
    const left = { ...mistakes.value };
    for (const field of [...Object.keys(part), 'form']) delete left[field as keyof StoredMistakes];
    mistakes.value = left;
  };
  const leave = async () => {
    const { discardTitle: title, discardText: text } = say().store.form;
    const { discardYes: yes, discardNo: no } = say().ask;
    if (!isWritten(draft.value, base.value) || (await ask({ title, text, yes, no, tone: 'bad' })) !== null) close();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value || stale) return;
    busy.value = true;
    const wrong = await send(draft.value, base.value);
    if (wrong === 'stale') {
      refused.value = true;
      live.reload();
    } else mistakes.value = wrong;
    busy.value = false;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const words = say();
  return (
    <Dialog title={stored?.key ?? words.store.set} wide leave={leave} onClose={close}>
      <form ref={form} onSubmit={submit} noValidate>
        {base.value && <Facts stored={base.value} />}
        <StoredFields
          draft={draft.value}
          base={base.value}
          isNew={stored === null}
          mistakes={mistakes.value}
          change={change}
        />
        {stale && now && (
          <StoredStale
            now={now.stored}
            made={stored === null}
            takeTheirs={(theirs) => rest(theirs, draftOf(theirs))}
            keepMine={() => rest(now.stored, now.stored?.expiresAt ? {} : { ends: endsWithout(draft.value) })}
          />
        )}
        {mistakes.value.form && (
          <p class="mistake" role="alert">
            {mistakes.value.form}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" onClick={leave}>
            {words.do.close}
          </button>
          <button type="submit" class="primary" disabled={busy.value || stale}>
            {words.store.form.save}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function isOther(now: StoredRecord | null, base: StoredRecord | null): boolean {
  return now?.version !== base?.version;
}

/** There is no end to keep. */
function endsWithout({ ends }: StoredDraft): StoredDraft['ends'] {
  return ends === 'kept' ? 'never' : ends;
}

/** @returns what is wrong, `stale` when the key is at another version; nothing, and the dialog is closed, once it is set */
async function send(draft: StoredDraft, base: StoredRecord | null): Promise<StoredMistakes | 'stale'> {
  const wrong = ownMistakes(draft);
  if (Object.keys(wrong).length > 0) return wrong;
  try {
    await set(draft, base);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.status === 412 ? 'stale' : mistakesOf(error);
  }
  close();
  letGo();
  refreshAll();
  return {};
}
