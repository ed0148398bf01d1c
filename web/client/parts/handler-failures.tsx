/** What stands in the way of handlers: files that could not be used, and types of tasks that nobody handles. */
import type { QueueView } from '../../../supervisor/facade.ts';
import type { HandlerFailure } from '../../../workers/contract.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import { handlersDir } from './no-handlers.tsx';
import { SeverityWord } from './state-word.tsx';

export function HandlerFailures({ failures }: { failures: readonly HandlerFailure[] }) {
  if (failures.length === 0) return null;
  const words = say().handlers;
  return (
    <section aria-label={words.failures}>
      {failures.map((failure) => (
        <Failure key={`${failure.file} ${failure.message}`} failure={failure} />
      ))}
    </section>
  );
}

function Failure({ failure: { file, message, serving } }: { failure: HandlerFailure }) {
  const words = say().handlers;
  return (
    <div class="notice error">
      <SeverityWord severity="error" />
      <div class="notice-text">
        <p>
          <code class="failure-file">{file}</code>
        </p>
        <p class="error-text" lang="en">
          {message}
        </p>
        {serving !== undefined && <p>{words.servingStill(serving)}</p>}
        <p class="muted">{words.failureAction}</p>
      </div>
    </div>
  );
}

export function NobodyHandles({ types }: { types: QueueView['types'] }) {
  const words = say().handlers;
  return types.map(({ type, queued }) => (
    <div key={type} class="notice warning">
      <SeverityWord severity="warning" />
      <div class="notice-text">
        <p>
          <strong>{words.nobody(type, number(queued))}</strong>
        </p>
        <p>{words.nobodyAction(handlersDir())}</p>
      </div>
    </div>
  ));
}
