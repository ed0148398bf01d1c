/** How tasks of each type went: how many ended and failed, what they took, day by day. */
import type { Figures, StatsView } from '../../../supervisor/facade.ts';
import { get } from '../api.ts';
import { calendarDay, duration, number } from '../format.ts';
import { say } from '../language.ts';
import { type LiveOptions, useLive } from '../live.ts';
import { DayBars } from '../parts/day-bars.tsx';
import { Empty } from '../parts/empty.tsx';
import { HandlerTabs } from '../parts/handler-tabs.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { rewrite, route } from '../router.ts';
import { zone } from '../zone.ts';

const SPANS = [7, 30, 90, 366] as const;
const daysDefault = 30;

interface Asked {
  readonly days: number;
  /** Whose days are shown; null for those without a name, empty for none. */
  readonly type: string | null;
}

function asked(): Asked {
  const { query } = route.value;
  const days = SPANS.find((one) => String(one) === query.get('days')) ?? daysDefault;
  return { days, type: query.has('others') ? null : (query.get('type') ?? '') };
}

function pathOf({ days, type }: Asked): string {
  const query = new URLSearchParams({
    ...(days !== daysDefault && { days: String(days) }),
    ...(type === null ? { others: '' } : type !== '' && { type }),
  }).toString();
  return query === '' ? 'handlers/stats' : `handlers/stats?${query}`;
}

function statsLive(days: number): LiveOptions<StatsView> {
  return {
    load: (signal) => get<StatsView>(`stats?days=${days}`, signal),
    concerns: ({ name }) => name === 'task.archived' || name === 'attempt.ended',
    everyMs: 5_000,
  };
}

export function Stats() {
  const what = asked();
  const live = useLive(`stats ${what.days}`, statsLive(what.days));
  const stats = live.value.value;
  const words = say();
  const shown = stats?.types.find(({ type }) => type === what.type);
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{words.stats.tab}</h1>
          <p class="muted">{words.stats.text(what.days, stats?.timezone ?? zone.value)}</p>
        </div>
        <label>
          <span class="unseen">{words.stats.span}</span>
          <select
            value={what.days}
            onChange={(event) => rewrite(pathOf({ ...what, days: Number(event.currentTarget.value) }))}
          >
            {SPANS.map((days) => (
              <option key={days} value={days}>
                {words.stats.days(days)}
              </option>
            ))}
          </select>
        </label>
      </div>
      <HandlerTabs part="stats" />
      {live.problem.value && !stats && <PageProblem problem={live.problem.value} again={live.reload} />}
      {stats?.types.length === 0 && <Empty title={words.stats.none} text={words.stats.noneText} />}
      {stats && stats.types.length > 0 && <TypeTable stats={stats} what={what} />}
      {shown && <DayTable {...shown} />}
    </>
  );
}

function TypeTable({ stats, what }: { stats: StatsView; what: Asked }) {
  const { stats: words, handlers } = say();
  return (
    <section class="panel" aria-label={words.tab}>
      <table class="stats-table">
        <thead>
          <tr>
            <th scope="col">{words.type}</th>
            <th scope="col" class="col-bars roomy">
              {words.byDay}
            </th>
            <FigureHeads />
          </tr>
        </thead>
        <tbody>
          {stats.types.map(({ type, days, ...figures }) => {
            const name = type ?? words.others;
            const chosen = what.type === type;
            const most = number(Math.max(0, ...days.map(({ finished }) => finished)));
            const bars = (
              <DayBars days={days} from={stats.from} to={stats.to} label={words.chart(name, days.length, most)} />
            );
            return (
              <tr key={name} class={chosen ? 'picked' : undefined}>
                <th scope="row">
                  <button
                    type="button"
                    class="stored-key"
                    aria-pressed={chosen}
                    title={`${handlers.handler}: ${name}`}
                    onClick={() => rewrite(pathOf({ ...what, type: chosen ? '' : type }))}
                  >
                    {name}
                  </button>
                </th>
                <td class="roomy">{bars}</td>
                <FigureCells figures={figures} />
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function FigureHeads() {
  const words = say().stats;
  return (
    <>
      <th scope="col" class="col-count end">
        {words.finished}
      </th>
      <th scope="col" class="col-count end">
        {words.failed}
      </th>
      <th scope="col" class="col-took end" title={words.p50Text}>
        {words.p50}
      </th>
      <th scope="col" class="col-took end" title={words.p95Text}>
        {words.p95}
      </th>
    </>
  );
}

function FigureCells({ figures: { finished, failed, p50Ms, p95Ms } }: { figures: Figures }) {
  return (
    <>
      <td class="end">{number(finished)}</td>
      <td class={failed > 0 ? 'end some-failed' : 'end muted'}>{number(failed)}</td>
      <td class="end">{took(p50Ms)}</td>
      <td class="end">{took(p95Ms)}</td>
    </>
  );
}

function took(ms: number | null): string {
  return ms === null ? '–' : duration(ms);
}

function DayTable({ type, days }: StatsView['types'][number]) {
  const words = say().stats;
  const title = words.dayOf(type ?? words.others);
  return (
    <section class="panel stats-days" aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      <table class="stats-table">
        <thead>
          <tr>
            <th scope="col">{words.day}</th>
            <th scope="col" class="col-count end roomy">
              {words.succeeded}
            </th>
            <th scope="col" class="col-count end roomy">
              {words.canceled}
            </th>
            <FigureHeads />
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map((figures) => (
            <tr key={figures.day}>
              <th scope="row" title={figures.day}>
                {calendarDay(figures.day)}
              </th>
              <td class="end roomy">{number(figures.succeeded)}</td>
              <td class="end roomy muted">{number(figures.canceled)}</td>
              <FigureCells figures={figures} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
