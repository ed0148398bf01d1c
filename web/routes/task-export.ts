/** All tasks that match a filter, as one file. */
import { goneSignal } from '../gone.ts';
import { type Parameters, readQuery } from '../query.ts';
import { api, type Context, look, type Parts, type Route } from '../route.ts';
import { EXPORT_FORMATS, type ExportFormat, TaskExports } from '../task-export.ts';
import { QUERY_FILTERS, queryFilterOf } from '../task-filter.ts';

const EXPORT = {
  ...QUERY_FILTERS,
  order: { is: 'choice', of: ['newest', 'oldest'], default: 'newest', sentence: 'By time of creation.' },
  format: {
    is: 'choice',
    of: Object.keys(EXPORT_FORMATS),
    default: 'ndjson',
    sentence:
      'A task a line: whole, as JSON, or as a row for spreadsheets, whose cells that look like a formula begin with an apostrophe.',
  },
} as const satisfies Parameters;

/** Before the routes of one task: `export` is no id. */
export function taskExportRoutes({ facade, clock }: Parts): Route[] {
  const exports = new TaskExports(facade, clock);

  function all(ctx: Context): void {
    const { order = 'newest', format = 'ndjson', ...filters } = readQuery(ctx.querystring, EXPORT);
    const chosen: ExportFormat = EXPORT_FORMATS[format as keyof typeof EXPORT_FORMATS];
    ctx.status = 200;
    ctx.set('Content-Type', chosen.type);
    ctx.set('Content-Disposition', `attachment; filename="tasks.${format}"`);
    if (ctx.method === 'HEAD') return;
    const question = { filter: queryFilterOf(filters), order: order as 'newest' | 'oldest', signal: goneSignal(ctx) };
    ctx.body = exports.begin(question, chosen);
  }

  return [look(`${api}/tasks/export`, 'Gives all tasks that match as one file, live and finished', all, EXPORT)];
}
