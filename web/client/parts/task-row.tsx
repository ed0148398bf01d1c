/** A row of any list that leads to pages: a click opens it, and after Back it is where the reader goes on. */
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { isAwaited, taskPath } from '../router.ts';
import { focusRow, openByRow } from '../rows.ts';

interface TaskRowProps {
  id: string;
  /** Path of its page; that of a task when left out. */
  to?: string;
  class?: string | undefined;
  children: ComponentChildren;
}

export function TaskRow({ id, to = taskPath(id), children, class: kind }: TaskRowProps) {
  const self = useRef<HTMLTableRowElement>(null);
  useLayoutEffect(() => {
    if (isAwaited(id)) focusRow(self.current ?? undefined);
  }, [id]);
  return (
    <tr ref={self} class={kind} data-id={id} onClick={(event) => openByRow(event, to)}>
      {children}
    </tr>
  );
}
