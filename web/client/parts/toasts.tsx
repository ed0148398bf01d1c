/** Short answers to actions, at the edge of the page; heard by readers of a screen, undone where that is possible. */
import { signal } from '@preact/signals';
import { Problem } from '../api.ts';
import { say } from '../language.ts';
import { Icon } from './icon.tsx';

export interface ToastAction {
  readonly label: string;
  act(): void;
}
interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly text: string;
  readonly action: ToastAction | null;
}

const toasts = signal<readonly Toast[]>([]);
const toastsShownMax = 4;
const shownMs = { good: 6_000, bad: 12_000 } as const;
let lastId = 0;

export function toast(text: string, action: ToastAction | null = null, tone: Toast['tone'] = 'good'): void {
  const id = ++lastId;
  toasts.value = [...toasts.value, { id, tone, text, action }].slice(-toastsShownMax);
  leaveLater(id, shownMs[tone]);
}

/** A refusal in the server's own words; without an answer, that there was none. */
export function toastProblem(error: unknown): void {
  if (error instanceof Problem && error.status === 401) return;
  if (error instanceof Problem) {
    const mistakes = error.mistakes.map(({ path, message }) => `${path} ${message}`).join('; ');
    const text = error.status === 0 ? say().told.unreachable : [error.message, mistakes].filter(Boolean).join(' – ');
    toast(text, null, 'bad');
    return;
  }
  toast(`${say().told.crashed}: ${String(error)}`, null, 'bad');
}

function leaveLater(id: number, afterMs: number): void {
  setTimeout(() => {
    if (document.querySelector('.toasts:hover, .toasts:focus-within')) leaveLater(id, 1_000);
    else leave(id);
  }, afterMs);
}

function leave(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast ${one.tone}`}>
          <Icon name={one.tone === 'good' ? 'succeeded' : 'failed'} />
          <span class="toast-text">{one.text}</span>
          {one.action && <ToastButton toast={one} action={one.action} />}
          <button type="button" class="quiet icon-only" aria-label={say().do.dismiss} onClick={() => leave(one.id)}>
            <Icon name="cancel" />
          </button>
        </div>
      ))}
    </div>
  );
}

function ToastButton({ toast: { id }, action }: { toast: Toast; action: ToastAction }) {
  const act = () => {
    leave(id);
    action.act();
  };
  return (
    <button type="button" class="quiet" onClick={act}>
      {action.label}
    </button>
  );
}
