/** The dialog that adds to a whole number of the store: the supervisor adds, so that nothing of others is lost. */
import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { StoredRecord } from '../../../supervisor/core/store/record.ts';
import { Problem } from '../api.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { letGo } from '../steady.ts';
import { counted, increment } from '../store-actions.ts';
import { heldLive } from '../store-resources.ts';
import { refreshAll } from '../stream.ts';
import { Dialog } from './dialog.tsx';
import { Field } from './field.tsx';

export function AddToCount() {
  return counted.value && <CountDialog key={counted.value.key} stored={counted.value} />;
}

function close(): void {
  counted.value = null;
}

function CountDialog({ stored }: { stored: StoredRecord }) {
  const by = useSignal('1');
  const mistake = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const now = useLive(`held ${stored.key}`, heldLive(stored.key)).value.value?.stored ?? stored;
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    mistake.value = await send(stored, by.value.trim());
    busy.value = false;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const words = say();
  const { form: texts } = words.store;
  return (
    <Dialog title={texts.incrementTitle(stored.key)} onClose={close}>
      <form ref={form} onSubmit={submit} noValidate>
        <p>{texts.holds(number(Number(now.value)))}</p>
        <Field name={texts.by} hint={texts.byHint} mistake={mistake.value}>
          {(field) => (
            <input
              {...field}
              data-first
              inputMode="numeric"
              autocomplete="off"
              value={by.value}
              onInput={(event) => {
                by.value = event.currentTarget.value;
                mistake.value = undefined;
              }}
            />
          )}
        </Field>
        <div class="dialog-foot">
          <button type="button" onClick={close}>
            {words.do.close}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            {words.store.increment}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** @returns what is wrong; nothing, and the dialog is closed, when it is added */
async function send(stored: StoredRecord, by: string): Promise<string | undefined> {
  if (!/^[-+]?\d+$/.test(by) || !Number.isSafeInteger(Number(by))) return say().store.form.byMistake;
  try {
    await increment(stored, Number(by));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.status === 0 ? say().told.unreachable : error.message;
  }
  close();
  letGo();
  refreshAll();
  return undefined;
}
