/** What a task is called in a list: its type, and the one thing in its params that tells it from its neighbors. */
import type { TaskView } from '../../../supervisor/facade.ts';
import { taskPath } from '../router.ts';
import { Link } from './link.tsx';

/** Members whose value says most, the best first. */
const TELLING = ['url', 'path', 'file', 'name', 'title', 'source', 'program', 'command', 'key', 'id', 'text'];
const summaryCharsMax = 160;

function summaryOf(params: unknown): string {
  if (typeof params !== 'object' || params === null) return params === undefined ? '' : String(params);
  const members = params as Record<string, unknown>;
  for (const name of TELLING) {
    const value = members[name];
    if (typeof value === 'string' && value !== '') return short(value).slice(0, summaryCharsMax);
  }
  const text = JSON.stringify(params);
  return text === '{}' || text === '[]' ? '' : text.slice(0, summaryCharsMax);
}

/** Of an address the file goes first: where a column ends, the host is cut and not the name. */
function short(value: string): string {
  const address = /^https?:\/\/([^/?#]+)([^?#]*)/.exec(value);
  if (!address) return value;
  const [, host = '', path = ''] = address;
  const file = path.split('/').filter(Boolean).at(-1);
  return file ? `${readable(file)} · ${host}` : host;
}

/** As it was before it was put into an address; what was never an encoding stays. */
function readable(file: string): string {
  try {
    return decodeURIComponent(file);
  } catch {
    return file;
  }
}

/** A task of a run is called as its handler calls it. */
export function labelOf({ label, params }: Pick<TaskView, 'label' | 'params'>): string {
  return label ?? summaryOf(params);
}

export function nameOf(task: TaskView): string {
  return [task.type, labelOf(task)].filter(Boolean).join(' ');
}

export function TaskName({ task }: { task: TaskView }) {
  const summary = labelOf(task);
  return (
    <Link to={taskPath(task.id)} class="task-name" title={nameOf(task)}>
      <span class="task-type">{task.type}</span>
      {summary && <span class="task-summary">{` ${summary}`}</span>}
    </Link>
  );
}
