/** What a run is to work on, in one line: its sources, what it is narrowed down to, and its params. */
import type { RunRecord } from '../../supervisor/core/run/record.ts';

const charsMax = 80;
const listedMax = 3;

/** @returns empty when all of that was left open */
export function aboutOf({ sources, scope, params }: Pick<RunRecord, 'sources' | 'scope' | 'params'>): string {
  const parts = [sources === null ? '' : short(sources), short(scope), short(params)];
  const text = parts.filter(Boolean).join(' · ');
  return text.length > charsMax ? `${text.slice(0, charsMax - 1)}…` : text;
}

/** Lists by their first members, objects as `name: value`. */
function short(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) {
    const more = value.length > listedMax ? ` +${value.length - listedMax}` : '';
    return value.slice(0, listedMax).map(short).join(', ') + more;
  }
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name}: ${short(one)}`)
    .join(' · ');
}
