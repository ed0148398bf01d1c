/** A panel that holds one table: its title, and what stands above each column. */
import type { ComponentChildren } from 'preact';

export interface Column {
  readonly name: string;
  /** Of the header: how wide it is, and where it is shown. */
  readonly class?: string;
  /** For readers of a screen alone. */
  readonly unseen?: boolean;
}

interface PanelTableProps {
  title: string;
  /** Class of the table. */
  kind: string;
  columns: readonly Column[];
  /** Its rows. */
  children: ComponentChildren;
}

export function PanelTable({ title, kind, columns, children }: PanelTableProps) {
  return (
    <section class="panel" aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      <table class={kind}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" class={column.class}>
                {column.unseen ? <span class="unseen">{column.name}</span> : column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
