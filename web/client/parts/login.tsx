/** Asks for the token once; the server answers with a cookie that scripts cannot read. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Problem } from '../api.ts';
import { say } from '../language.ts';
import { signIn } from '../session.ts';
import { Field } from './field.tsx';
import { Icon } from './icon.tsx';

export function Login() {
  const token = useSignal('');
  const mistake = useSignal<string | undefined>(undefined);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector('input')?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await signIn(token.value.trim());
    } catch (error) {
      mistake.value = whyNot(error);
      form.current?.querySelector('input')?.focus();
    }
  };
  const words = say().login;
  return (
    <main class="login-page" tabIndex={-1}>
      <form ref={form} class="panel" onSubmit={submit}>
        <h1>
          <Icon name="overview" /> Nightshift
        </h1>
        <p>{words.text}</p>
        <Field name={words.token} hint={words.hint} mistake={mistake.value}>
          {(field) => (
            <input
              {...field}
              type="password"
              name="token"
              autocomplete="current-password"
              value={token.value}
              onInput={(event) => {
                token.value = event.currentTarget.value;
                mistake.value = undefined;
              }}
            />
          )}
        </Field>
        <button type="submit" class="primary" disabled={token.value.trim() === ''}>
          {words.submit}
        </button>
      </form>
    </main>
  );
}

function whyNot(error: unknown): string {
  if (!(error instanceof Problem)) return String(error);
  if (error.status === 401) return say().login.wrong;
  if (error.status === 429) return say().login.slow;
  return error.status === 0 ? say().told.unreachable : error.message;
}
