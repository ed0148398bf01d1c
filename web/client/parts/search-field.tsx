/** The field that `/` leads to; what is typed counts once the hand rests. */
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

const restMs = 250;
/** Where `/` leads. */
export const searchField = '.search-field input';

interface SearchFieldProps {
  label: string;
  text: string;
  change(text: string): void;
}

export function SearchField({ label, text, change }: SearchFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef(0);
  useEffect(() => {
    if (field.current && field.current !== document.activeElement) field.current.value = text;
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const typed = () => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => change(field.current?.value.trim() ?? ''), restMs);
  };
  const left = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    // Browsers would empty the field; the text stays, and the next j is the first row.
    event.preventDefault();
    document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
  };
  return (
    <label class="search-field">
      <Icon name="search" />
      <span class="unseen">{label}</span>
      <input
        ref={field}
        type="search"
        maxLength={200}
        placeholder={label}
        defaultValue={text}
        onInput={typed}
        onKeyDown={left}
      />
      {/* biome-ignore lint/a11y/noAriaHiddenOnFocusable: a key on paper cannot have the focus */}
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}
