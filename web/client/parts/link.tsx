/** A link to another page of the console. A new tab, a download and the like stay the browser's business. */
import type { ComponentChildren } from 'preact';
import { href } from '../base.ts';
import { go } from '../router.ts';

interface LinkProps {
  to: string;
  children: ComponentChildren;
  class?: string;
  current?: boolean;
  label?: string;
  title?: string;
}

export function follow(event: MouseEvent, to: string): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(to);
}

export function Link({ to, children, current, label, ...rest }: LinkProps) {
  return (
    <a
      href={href(to)}
      onClick={(event) => follow(event, to)}
      aria-current={current ? 'page' : undefined}
      aria-label={label}
      class={rest.class}
      title={rest.title}
    >
      {children}
    </a>
  );
}
