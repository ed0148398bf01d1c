/**
 * A dialog in which something is written and sent. What is wrong with it, before the server is asked or by its answer, stands at its fields
 * until somebody types there; what would be lost is asked about.
 */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { Problem } from '../api.ts';
import { say } from '../language.ts';
import { letGo } from '../steady.ts';
import { refreshAll } from '../stream.ts';
import { askToDiscard } from './ask.tsx';
import { Dialog } from './dialog.tsx';

/** By field; `form` for what belongs to none. */
export type MistakesOf<D> = Partial<Record<keyof D | 'form', string>>;

/** What every part of the form is given. */
export interface DraftProps<D> {
  draft: D;
  mistakes: MistakesOf<D>;
  change(part: Partial<D>): void;
}

interface DraftDialogProps<D> {
  title: string;
  /** On the button that sends it. */
  submit: string;
  began: D;
  isWritten(draft: D): boolean;
  /** What is asked before it is lost; of a task where it is left out. */
  discard?: { readonly discardTitle: string; readonly discardText: string };
  /** Mistakes that need no server. */
  check(draft: D): MistakesOf<D>;
  /** Closes the dialog and says so once it is durable. @throws Problem */
  send(draft: D): Promise<void>;
  mistakesOf(problem: Problem, draft: D): MistakesOf<D>;
  close(): void;
  children(props: DraftProps<D>): ComponentChildren;
}

export function DraftDialog<D extends object>(props: DraftDialogProps<D>) {
  const { title, submit: submitWord, began, isWritten, discard, close, children } = props;
  const draft = useSignal<D>(began);
  const mistakes = useSignal<MistakesOf<D>>({});
  const busy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const change = (part: Partial<D>) => {
    draft.value = { ...draft.value, ...part };
    const left = { ...mistakes.value };
    for (const field of [...Object.keys(part), 'form']) delete left[field as keyof MistakesOf<D>];
    mistakes.value = left;
  };
  const leave = async () => {
    if (!isWritten(draft.value) || (await askToDiscard(discard))) close();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    mistakes.value = await sent(props, draft.value);
    busy.value = false;
    queueMicrotask(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };
  const told = mistakes.value.form;
  return (
    <Dialog title={title} wide leave={leave} onClose={close}>
      <form ref={form} onSubmit={submit} noValidate>
        {children({ draft: draft.value, mistakes: mistakes.value, change })}
        {told && (
          <p class="mistake" role="alert">
            {told}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" onClick={leave}>
            {say().do.close}
          </button>
          <button type="submit" class="primary" disabled={busy.value}>
            {submitWord}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** @returns what is wrong; nothing once it is durable */
async function sent<D>({ check, send, mistakesOf }: DraftDialogProps<D>, draft: D): Promise<MistakesOf<D>> {
  const own = check(draft);
  if (Object.keys(own).length > 0) return own;
  try {
    await send(draft);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    // A toast would stand below the dialog.
    return error.status === 0 ? ({ form: say().told.unreachable } as MistakesOf<D>) : mistakesOf(error, draft);
  }
  letGo();
  refreshAll();
  return {};
}
