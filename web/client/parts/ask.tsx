/** Asks before something is canceled or paused. The answer is what was typed, `''` for a plain yes, null for no. */
import { signal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { say } from '../language.ts';
import { Dialog } from './dialog.tsx';

interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  /** Of the button that does nothing. */
  readonly no?: string;
  readonly tone: 'bad' | 'plain';
  /** Also asks for a reason. */
  readonly reason?: boolean;
}

const asked = signal<(Question & { answer(value: string | null): void }) | null>(null);

export function ask(question: Question): Promise<string | null> {
  return new Promise((resolve) => {
    asked.value = {
      ...question,
      answer(value) {
        asked.value = null;
        resolve(value);
      },
    };
  });
}

/** Before what somebody has typed is lost. */
export async function askToDiscard(
  what: { readonly discardTitle: string; readonly discardText: string } = say().ask,
): Promise<boolean> {
  const { discardTitle: title, discardText: text } = what;
  const { discardYes: yes, discardNo: no } = say().ask;
  return (await ask({ title, text, yes, no, tone: 'bad' })) !== null;
}

export function Asked() {
  const field = useRef<HTMLInputElement>(null);
  const question = asked.value;
  if (!question) return null;
  const words = say();
  const submit = (event: Event) => {
    event.preventDefault();
    question.answer(field.current?.value.trim() ?? '');
  };
  return (
    <Dialog title={question.title} onClose={() => question.answer(null)}>
      <form method="dialog" onSubmit={submit}>
        <p>{question.text}</p>
        {question.reason && (
          <label class="field">
            <span class="field-name">{words.ask.reason}</span>
            <input ref={field} name="reason" data-first maxLength={200} autocomplete="off" />
            <small>{words.ask.reasonHint}</small>
          </label>
        )}
        <div class="dialog-foot">
          <button type="button" onClick={() => question.answer(null)}>
            {question.no ?? words.do.keep}
          </button>
          <button
            type="submit"
            class={question.tone === 'bad' ? 'danger' : 'primary'}
            data-first={question.reason ? undefined : true}
          >
            {question.yes}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
