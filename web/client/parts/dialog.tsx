/**
 * The browser's own dialog: it keeps focus inside, closes on Escape and gives focus back to where it was. What is
 * marked `data-first` has the focus at first.
 */
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { say } from '../language.ts';
import { Icon } from './icon.tsx';

interface DialogProps {
  title: string;
  children: ComponentChildren;
  wide?: boolean;
  /** Asked instead of closing, by Escape and by ×: whoever gives it closes. */
  leave?: () => void;
  onClose(): void;
}

export function Dialog({ title, children, wide, leave, onClose }: DialogProps) {
  const self = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Before another key can be pressed: what is typed next must not be taken for a key of the page.
  useLayoutEffect(() => {
    const before = document.activeElement;
    self.current?.showModal();
    self.current?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={self}
      class={wide ? 'wide' : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        if (!leave || event.target !== self.current) return;
        event.preventDefault();
        leave();
      }}
      onClose={onClose}
    >
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet icon-only" aria-label={say().do.close} onClick={leave ?? onClose}>
          <Icon name="cancel" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
