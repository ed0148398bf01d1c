/** Handlers in a table: what each is, what it may take, what it needs, and how many of its tasks wait and run. */
import type { ComponentChildren } from 'preact';
import type { QueueView } from '../../../supervisor/facade.ts';
import type { HandlerDescription } from '../../../workers/contract.ts';
import { duration, number } from '../format.ts';
import { say } from '../language.ts';
import { NO_FILTER, pathOf } from '../task-filter.ts';
import { Link } from './link.tsx';
import { FlagWord } from './state-word.tsx';

/** What is known of handlers beside their description. */
export interface HandlerFacts {
  readonly counts: ReadonlyMap<string, QueueView['types'][number]>;
  readonly flagsOn: ReadonlySet<string>;
}

interface TableProps {
  title: string;
  handlers: readonly HandlerDescription[];
  facts: HandlerFacts;
}

export function HandlerTable({ title, handlers, facts }: TableProps) {
  const words = say().handlers;
  if (handlers.length === 0) return null;
  return (
    <section class="panel handlers" aria-label={title}>
      <header class="panel-head">
        <h2>{title}</h2>
      </header>
      <table class="handler-table">
        <thead>
          <tr>
            <th scope="col">{words.handler}</th>
            <th scope="col" class="col-lane roomy">
              {words.lane}
            </th>
            <th scope="col" class="col-limit end roomy">
              {words.timeout}
            </th>
            <th scope="col" class="col-limit end roomy">
              {words.attempts}
            </th>
            <th scope="col" class="col-limit end roomy">
              {words.atOnce}
            </th>
            <th scope="col" class="col-needs roomy">
              {words.needs}
            </th>
            <th scope="col" class="col-count end">
              {words.queued}
            </th>
            <th scope="col" class="col-count end">
              {words.running}
            </th>
          </tr>
        </thead>
        <tbody>
          {handlers.map((handler) => (
            <HandlerRow key={handler.type} handler={handler} facts={facts} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Of the supervisor when a handler names none. */
const attemptsDefault = 3;

function HandlerRow({ handler, facts }: { handler: HandlerDescription; facts: HandlerFacts }) {
  const { type, lane, timeoutMs, maxAttempts, concurrency } = handler;
  const words = say().handlers;
  const count = facts.counts.get(type);
  return (
    <tr>
      <th scope="row" class="two-lines">
        <span class="task-type cut">{type}</span>
        <FileLine handler={handler} />
        <span class="second-line muted">{limitsLine(handler)}</span>
        <span class="second-line">
          <Needs handler={handler} facts={facts} />
        </span>
      </th>
      <td class="roomy">{lane}</td>
      <td class="end roomy">{timeoutMs === null ? <None>{words.noTimeout}</None> : duration(timeoutMs)}</td>
      <td class="end roomy">{number(maxAttempts ?? attemptsDefault)}</td>
      <td class="end roomy">{concurrency === null ? <None>{words.noLimit}</None> : number(concurrency)}</td>
      <td class="roomy needs">
        <Needs handler={handler} facts={facts} />
      </td>
      <CountCell type={type} state="queued" count={count?.queued ?? 0} />
      <CountCell type={type} state="running" count={count?.running ?? 0} />
    </tr>
  );
}

function None({ children }: { children: ComponentChildren }) {
  return <span class="muted">{children}</span>;
}

/** A path is cut at its beginning: its end tells files apart. */
function FileLine({ handler: { file, version, builtIn } }: { handler: HandlerDescription }) {
  const words = say().handlers;
  const name = file.split('/').at(-1) ?? file;
  return (
    <span class="line-below muted">
      <span class="cut" title={file}>
        {builtIn ? words.builtIn : name}
      </span>
      <code title={words.version}>{version}</code>
    </span>
  );
}

/** For a phone, where the columns have no room. */
function limitsLine({ lane, timeoutMs, maxAttempts, concurrency }: HandlerDescription): string {
  const words = say().handlers;
  const parts = [
    `${words.lane} ${lane}`,
    timeoutMs !== null && `${words.timeout} ${duration(timeoutMs)}`,
    `${words.attempts} ${number(maxAttempts ?? attemptsDefault)}`,
    concurrency !== null && `${words.atOnce} ${number(concurrency)}`,
  ];
  return parts.filter(Boolean).join(' · ');
}

function Needs({ handler: { flag, settings }, facts }: { handler: HandlerDescription; facts: HandlerFacts }) {
  return (
    <>
      {flag !== null && (
        <Link to="settings/flags" class="need">
          <code>{flag}</code> <FlagWord on={facts.flagsOn.has(flag)} />
        </Link>
      )}
      {settings.map((key) => (
        <Link key={key} to={`settings?q=${encodeURIComponent(key)}`} class="need">
          <code>{key}</code>
        </Link>
      ))}
    </>
  );
}

function CountCell({ type, state, count }: { type: string; state: 'queued' | 'running'; count: number }) {
  if (count === 0) return <td class="end muted">{number(0)}</td>;
  return (
    <td class="end">
      <Link to={pathOf({ ...NO_FILTER, states: [state], type })} class="count-link">
        {number(count)}
      </Link>
    </td>
  );
}
