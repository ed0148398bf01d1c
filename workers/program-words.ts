/** What a program says to us on its standard output: lines that begin with `::`. All else it prints is its log. */
import type { HandlerContext, NextWork, SubmittedTask } from './define.ts';
import { durationMs } from './duration.ts';
import { SubmitQueue } from './submit-queue.ts';

const WORD = /^::(progress|count|checkpoint|submit|next|retry)(?:[ \t]+(.*))?$/s;
const PROGRESS = /^(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?(?:\s+(.*))?$/s;
const COUNT = /^(?:(?:ok|failed|processed)=\d{1,15}(?:\s+|$))+$/;
const shownCharsMax = 200;

export class ProgramWords {
  /** What `::retry` asked for last. */
  retryMs: number | null = null;
  readonly submits: SubmitQueue;
  readonly #ctx: HandlerContext;

  constructor(ctx: HandlerContext) {
    this.#ctx = ctx;
    this.submits = new SubmitQueue(async (given) =>
      given.is === 'next' ? ctx.next(given.work as NextWork) : ctx.submit(given.work as SubmittedTask),
    );
  }

  /** @returns whether the line was one; with a promise when no further line should be read before it has resolved */
  take(line: string): boolean | Promise<void> {
    const [, name, text = ''] = WORD.exec(line) ?? [];
    if (name === undefined) return false;
    try {
      return this.#carryOut(name, text.trim()) ?? true;
    } catch (error) {
      const shown = line.length > shownCharsMax ? `${line.slice(0, shownCharsMax)}…` : line;
      this.#ctx.log.error(`this line was left out, as ${(error as Error).message}: ${shown}`);
      return true;
    }
  }

  #carryOut(name: string, text: string): Promise<void> | null {
    switch (name) {
      case 'progress':
        this.#progress(text);
        return null;
      case 'count':
        this.#count(text);
        return null;
      case 'checkpoint':
        this.#ctx.checkpoint(parse(text));
        return null;
      case 'submit':
        return this.submits.add({ is: 'task', work: parse(text) });
      case 'next':
        return this.submits.add({ is: 'next', work: parse(text) });
      default:
        this.retryMs = durationMs(text);
        if (this.retryMs === null) throw new Error('it needs a duration: ::retry 10m');
        return null;
    }
  }

  #progress(text: string): void {
    const [, done, total, words] = PROGRESS.exec(text) ?? [];
    if (done === undefined) throw new Error('it needs numbers: ::progress 3/10 text');
    this.#ctx.progress(Number(done), total === undefined ? null : Number(total), words ?? null);
  }

  #count(text: string): void {
    if (!COUNT.test(text)) throw new Error('it needs numbers: ::count ok=9 failed=1');
    const numbers = new Map(text.split(/\s+/).map((part) => part.split('=') as [string, string]));
    const of = (name: string) => (numbers.has(name) ? Number(numbers.get(name)) : undefined);
    const [succeeded, failed, processed] = [of('ok'), of('failed'), of('processed')];
    this.#ctx.count({
      ...(succeeded !== undefined && { succeeded }),
      ...(failed !== undefined && { failed }),
      ...(processed !== undefined && { processed }),
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`it holds no JSON (${(error as Error).message})`);
  }
}
