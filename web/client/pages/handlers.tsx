/** Handlers: which there are, what each may take, how much waits for it, and which files could not be used. */
import type { QueueView } from '../../../supervisor/facade.ts';
import type { HandlerCatalog } from '../../../workers/contract.ts';
import { say } from '../language.ts';
import { useLive } from '../live.ts';
import { HandlerFailures, NobodyHandles } from '../parts/handler-failures.tsx';
import { type HandlerFacts, HandlerTable } from '../parts/handler-table.tsx';
import { HandlerTabs } from '../parts/handler-tabs.tsx';
import { NoHandlers } from '../parts/no-handlers.tsx';
import { PageProblem } from '../parts/page-problem.tsx';
import { flagsLive, handlersLive, queueCountsLive } from '../resources.ts';

export function Handlers() {
  const live = useLive('handlers', handlersLive);
  const queue = useLive('queue-counts', queueCountsLive).value.value;
  const flags = useLive('flags', flagsLive).value.value;
  const catalog = live.value.value;
  const facts: HandlerFacts = {
    counts: new Map(queue?.types.map((one) => [one.type, one])),
    flagsOn: new Set(flags?.filter(({ on }) => on).map(({ name }) => name)),
  };
  return (
    <>
      <Head catalog={catalog} />
      <HandlerTabs part="" />
      {live.problem.value && !catalog && <PageProblem problem={live.problem.value} again={live.reload} />}
      {catalog && (
        <>
          <HandlerFailures failures={catalog.failures} />
          <NobodyHandles types={unhandled(queue, catalog)} />
          <Tables catalog={catalog} facts={facts} />
        </>
      )}
    </>
  );
}

function Head({ catalog }: { catalog: HandlerCatalog | null }) {
  const words = say();
  const all = catalog?.handlers ?? [];
  return (
    <div class="page-head">
      <div>
        <h1>{words.pages.handlers}</h1>
        <p class="muted">
          {catalog ? words.handlers.summary(all.length, all.filter(({ builtIn }) => !builtIn).length) : ' '}
        </p>
      </div>
    </div>
  );
}

function Tables({ catalog: { handlers }, facts }: { catalog: HandlerCatalog; facts: HandlerFacts }) {
  const words = say().handlers;
  const sorted = [...handlers].sort((a, b) => a.type.localeCompare(b.type));
  const own = sorted.filter(({ builtIn }) => !builtIn);
  return (
    <>
      {own.length === 0 && <NoHandlers />}
      {own.length > 0 && <HandlerTable title={words.own} handlers={own} facts={facts} />}
      <HandlerTable title={words.builtIn} handlers={sorted.filter(({ builtIn }) => builtIn)} facts={facts} />
    </>
  );
}

/** Types whose tasks wait for a handler that is not there. */
function unhandled(queue: QueueView | null, { handlers }: HandlerCatalog): QueueView['types'] {
  const known = new Set(handlers.map(({ type }) => type));
  return queue?.types.filter(({ type, queued }) => queued > 0 && !known.has(type)) ?? [];
}
