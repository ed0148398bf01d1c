/** A panel of facts, a name and a value each. */
import type { ComponentChildren } from 'preact';

export function FactList({
  title,
  facts,
}: {
  title: string;
  facts: readonly (readonly [name: string, value: ComponentChildren])[];
}) {
  return (
    <section class="panel" aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
