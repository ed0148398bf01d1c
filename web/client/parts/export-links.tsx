/** Everything that matches as one file. A plain link: the browser saves what the server streams, however much it is. */
import { apiPath } from '../base.ts';
import { say } from '../language.ts';
import { exportPathOf, type TaskFilter } from '../task-filter.ts';
import { Icon } from './icon.tsx';

const FORMATS = [
  ['NDJSON', 'ndjson'],
  ['CSV', 'csv'],
] as const;

/** @param total how many tasks it will be; null when that is not known */
export function ExportLinks({ filter, total }: { filter: TaskFilter; total: number | null }) {
  const words = say().list;
  return (
    <span class="export">
      <span class="muted roomy">{words.exported(total)}</span>
      {FORMATS.map(([name, format]) => (
        <a
          key={format}
          class="button small"
          href={apiPath(exportPathOf(filter, format))}
          download={`tasks.${format}`}
          aria-label={words.exportAs(total, name)}
          title={words.exportHints[format]}
        >
          <Icon name="download" />
          {name}
        </a>
      ))}
    </span>
  );
}
