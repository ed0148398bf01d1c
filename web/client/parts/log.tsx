/** The log of an attempt, read while it is written: it stays at the end unless the reader scrolls away from it. */
import { useSignal } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { TaskView } from '../../../supervisor/facade.ts';
import { time, timeInFull } from '../format.ts';
import { say } from '../language.ts';
import { followLog, type LogView, logLinesMax } from '../log-follower.ts';
import { now } from '../now.ts';

export function Log({ task }: { task: TaskView }) {
  const chosen = useSignal(0);
  const newest = task.attempts.at(-1)?.number ?? 0;
  const attempt = chosen.value === 0 ? newest : chosen.value;
  const words = say().task;
  return (
    <section class="panel" aria-label={words.log}>
      <header class="panel-head">
        <h2>{words.log}</h2>
        {task.attempts.length > 1 && (
          <select
            aria-label={words.logOf(attempt)}
            value={attempt}
            onChange={(event) => {
              chosen.value = Number(event.currentTarget.value);
            }}
          >
            {task.attempts.map(({ number }) => (
              <option key={number} value={number}>
                {words.logOf(number)}
              </option>
            ))}
          </select>
        )}
      </header>
      {attempt === 0 ? (
        <p class="none">{words.noAttempts}</p>
      ) : (
        <AttemptLog key={attempt} id={task.id} attempt={attempt} />
      )}
    </section>
  );
}

function AttemptLog({ id, attempt }: { id: string; attempt: number }) {
  const log = useMemo(() => followLog(id, attempt), [id, attempt]);
  useEffect(() => () => log.stop(), [log]);
  const view = log.view.value;
  const words = say().task;
  if (view.lines.length === 0) return <p class="none">{view.ended ? words.logNone : words.logWaiting}</p>;
  return (
    <>
      {view.first > 0 && <p class="none">{words.logCut(logLinesMax)}</p>}
      <Lines view={view} label={words.logOf(attempt)} />
    </>
  );
}

function Lines({ view, label }: { view: LogView; label: string }) {
  const self = useRef<HTMLDivElement>(null);
  const following = useSignal(true);
  useLayoutEffect(() => {
    const box = self.current;
    if (box && following.value) box.scrollTop = box.scrollHeight;
  }, [view, following.value]);
  const scrolled = () => {
    const box = self.current;
    if (box) following.value = box.scrollHeight - box.scrollTop - box.clientHeight < 8;
  };
  return (
    <div class="log-frame">
      <div
        class={view.ended ? 'log ended' : 'log'}
        ref={self}
        role="log"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard
        tabIndex={0}
        aria-label={label}
        onScroll={scrolled}
      >
        {view.lines.map((line, index) => (
          <LogLine key={view.first + index} line={line} />
        ))}
      </div>
      {!view.ended && (
        <button
          type="button"
          class="small follow"
          aria-pressed={following.value}
          onClick={() => {
            following.value = !following.value;
          }}
        >
          {following.value ? say().task.following : say().task.follow}
        </button>
      )}
    </div>
  );
}

const LINE = /^(\d{4}-\d{2}-\d{2}T[\d:.]+Z) ([a-z]+ *) (.*)$/;
const LEVELS = new Set(['info', 'warn', 'error', 'stdout', 'stderr']);

/** `2026-11-22T03:12:04.120Z warn   text`; a line of another shape is shown as it is. */
function LogLine({ line }: { line: string }) {
  const [, at = '', level = '', text = line] = LINE.exec(line) ?? [];
  const kind = level.trim();
  if (!LEVELS.has(kind)) return <div class="log-line">{line}</div>;
  const ms = Date.parse(at);
  return (
    <div class={`log-line ${kind}`}>
      <time dateTime={at} title={timeInFull(ms)}>
        {time(ms, now.peek())}
      </time>
      <span class="log-level">{kind}</span>
      <span>{text}</span>
    </div>
  );
}
