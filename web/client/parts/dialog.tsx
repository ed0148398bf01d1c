/**
 * The browser's own dialog: it keeps focus inside, closes on Escape and gives focus back to where it was. What is
 * marked `data-first` has the focus at first.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { say } from '../language.ts';
import { Icon } from './icon.tsx';

interface DialogProps {
  title: string;
  children: ComponentChildren;
  wide?: boolean;
  onClose(): void;
}

export function Dialog({ title, children, wide, onClose }: DialogProps) {
  const self = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    self.current?.showModal();
    self.current?.querySelector<HTMLElement>('[data-first]')?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog ref={self} class={wide ? 'wide' : undefined} aria-labelledby={id} onClose={onClose}>
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet icon-only" aria-label={say().do.close} onClick={onClose}>
          <Icon name="cancel" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
