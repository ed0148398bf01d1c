/** A JSON value as indented text; a long one begins folded. */
import { useMemo } from 'preact/hooks';
import { say } from '../language.ts';

const linesOpenMax = 24;

interface JsonViewProps {
  title: string;
  value: unknown;
  /** What to say when there is no value. */
  none: string;
}

export function JsonView({ title, value, none }: JsonViewProps) {
  const text = useMemo(() => (value === null || value === undefined ? '' : JSON.stringify(value, null, 2)), [value]);
  const lines = text.split('\n');
  return (
    <section class="panel" aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      {text === '' ? <p class="none">{none}</p> : <Text lines={lines} />}
    </section>
  );
}

function Text({ lines }: { lines: readonly string[] }) {
  const whole = (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
    <pre class="json" tabIndex={0}>
      {lines.join('\n')}
    </pre>
  );
  if (lines.length <= linesOpenMax) return whole;
  return (
    <details>
      <summary>
        <code>{lines.slice(0, 2).join(' ')} …</code> <span class="muted">{say().do.showAll}</span>
      </summary>
      {whole}
    </details>
  );
}
