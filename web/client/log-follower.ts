/** The log of one attempt as it grows. Lines are kept up to a limit and handed over four times a second at most. */
import { signal } from '@preact/signals';
import { Problem, request } from './api.ts';
import { updateEveryMs } from './live.ts';
import { taskPath } from './router.ts';

export const logLinesMax = 2_000;

export interface LogView {
  readonly lines: readonly string[];
  /** Number of the first line kept, from 0: what keys of rows count from. */
  readonly first: number;
  readonly ended: boolean;
}

const EMPTY: LogView = { lines: [], first: 0, ended: false };

export function followLog(taskId: string, attempt: number) {
  const view = signal<LogView>(EMPTY);
  const stopping = new AbortController();
  let collected: string[] = [];
  let timer = 0;

  function hand(ended: boolean): void {
    clearTimeout(timer);
    timer = 0;
    const before = view.value;
    const all = [...before.lines, ...collected];
    const lines = all.slice(-logLinesMax);
    collected = [];
    view.value = { lines, first: before.first + all.length - lines.length, ended };
  }

  function take(lines: readonly string[]): void {
    collected.push(...lines);
    if (collected.length > 2 * logLinesMax) collected = collected.slice(-logLinesMax);
    if (timer === 0 && lines.length > 0) timer = window.setTimeout(() => hand(false), updateEveryMs);
  }

  async function read(): Promise<void> {
    const path = `${taskPath(taskId)}/log?attempt=${attempt}&follow=1`;
    const response = await request('GET', path, undefined, { signal: stopping.signal });
    const reader = response.body
      ?.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      .getReader();
    let rest = '';
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true, value: '' };
      if (done) break;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      take(lines);
    }
    if (rest !== '') take([rest]);
  }

  read()
    .catch((error: unknown) => {
      if (!stopping.signal.aborted && !(error instanceof Problem)) throw error;
    })
    .finally(() => {
      if (!stopping.signal.aborted) hand(true);
    });
  return {
    view,
    stop() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}
