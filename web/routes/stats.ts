/** How tasks of each type went, day by day. */
import { statsDaysDefault, statsDaysMax } from '../limits.ts';
import { type Parameters, readQuery } from '../query.ts';
import { answerJson, api, type Context, look, type Parts, type Route } from '../route.ts';
import { FILTERS } from '../task-filter.ts';

const STATS = {
  type: FILTERS.type,
  days: {
    is: 'integer',
    least: 1,
    most: statsDaysMax,
    default: statsDaysDefault,
    sentence: 'So many days up to today, as TIMEZONE has them.',
  },
} as const satisfies Parameters;

export function statsRoutes({ facade }: Parts): Route[] {
  async function stats(ctx: Context): Promise<void> {
    const { type, days } = readQuery(ctx.querystring, STATS);
    const view = await facade.stats({ types: type ?? null, days: days ?? statsDaysDefault });
    answerJson(ctx, 200, JSON.stringify(view));
  }

  const does = 'Tells by type and day how many tasks ended, how many failed, and what they took';
  return [look(`${api}/stats`, does, stats, STATS)];
}
