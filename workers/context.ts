/** `ctx`, what a handler is given beside its params. Each member is made when a handler first asks for it. */
import { format } from 'node:util';
import type { Attempt } from './attempt.ts';
import { cut } from './cut.ts';
import type { HandlerContext, HttpClient, HttpOptions, SubmittedTask, TaskFacts } from './define.ts';
import { Permanent } from './define.ts';
import { checkpointBytesMax, progressTextCharsMax } from './limits.ts';
import { jsonText } from './outcome.ts';
import { handlerStore } from './store.ts';

/** Members are getters that give closures, so that `const { log, progress } = ctx` works. */
export class Context implements HandlerContext {
  readonly #attempt: Attempt;
  #submits = 0;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  /** For built-in handlers, which need more of an attempt than `ctx` gives. */
  static attemptOf(ctx: HandlerContext): Attempt {
    return (ctx as Context).#attempt;
  }

  get task(): TaskFacts {
    const { taskId, type, priority, tags, group, createdAt, run } = this.#attempt.order;
    return { id: taskId, type, priority, tags, group, createdAt: new Date(createdAt).toISOString(), run };
  }

  get attempt(): number {
    return this.#attempt.order.attempt;
  }

  get signal(): AbortSignal {
    return this.#attempt.signal;
  }

  get resume(): unknown {
    return this.#attempt.order.resume;
  }

  get settings(): Readonly<Record<string, string>> {
    return this.#attempt.order.settings;
  }

  get log(): HandlerContext['log'] {
    const attempt = this.#attempt;
    return {
      info: (...parts) => attempt.log('info', format(...parts)),
      warn: (...parts) => attempt.log('warn', format(...parts)),
      error: (...parts) => attempt.log('error', format(...parts)),
    };
  }

  get progress(): HandlerContext['progress'] {
    const attempt = this.#attempt;
    return (done, total = null, text = null) => {
      const shown = text === null ? null : cut(String(text), progressTextCharsMax);
      attempt.progress(amount(done) ?? 0, amount(total), shown);
    };
  }

  get count(): HandlerContext['count'] {
    const attempt = this.#attempt;
    return (totals) => {
      const succeeded = amount(totals.succeeded) ?? 0;
      const failed = amount(totals.failed) ?? 0;
      attempt.count({ processed: amount(totals.processed) ?? succeeded + failed, succeeded, failed });
    };
  }

  get checkpoint(): HandlerContext['checkpoint'] {
    const attempt = this.#attempt;
    return (data) => {
      const text = jsonText(data, 'the checkpoint', 'checkpoint_not_json');
      const bytes = Buffer.byteLength(text);
      if (bytes > checkpointBytesMax) {
        const message = `the checkpoint is ${bytes} bytes as JSON; at most ${checkpointBytesMax} are kept`;
        throw new Permanent(message, { code: 'checkpoint_too_large' });
      }
      attempt.checkpoint(text);
    };
  }

  get submit(): HandlerContext['submit'] {
    return async (task) => {
      // Counted before anything can fail, so that a rerun numbers its calls the same way.
      const number = ++this.#submits;
      return this.#attempt.call({ name: 'submit', task: withKey(task, `${this.#attempt.order.taskId}/${number}`) });
    };
  }

  get http(): HttpClient {
    const attempt = this.#attempt;
    return {
      async request(url, options: HttpOptions = {}) {
        const { request } = await import('./http.ts');
        const signal = options.signal ? AbortSignal.any([attempt.signal, options.signal]) : attempt.signal;
        return request(url, { ...options, signal }, attempt.order.settings);
      },
    };
  }

  get scratch(): HandlerContext['scratch'] {
    const attempt = this.#attempt;
    return () => attempt.scratch();
  }

  get store(): HandlerContext['store'] {
    const attempt = this.#attempt;
    return handlerStore((request) => attempt.call(request));
  }

  get next(): HandlerContext['next'] {
    const attempt = this.#attempt;
    return (work) => {
      // At once, not as a promise: one that nobody waits for would be tried again.
      if (attempt.order.run === null) {
        const message = 'ctx.next puts work into a stage of a run, and this task is in no run';
        throw new Permanent(message, { code: 'not_in_a_run' });
      }
      const plain: unknown = JSON.parse(jsonText(work, 'the work for a stage', 'work_not_json'));
      return attempt.call({ name: 'next', work: plain }) as Promise<{ added: boolean }>;
    };
  }
}

/** NaN and infinity, which a division by zero leaves behind, are no reason to end an attempt. */
function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** A plain copy: what is sent must not change afterwards, nor hold anything but JSON. */
function withKey(task: SubmittedTask, key: string): unknown {
  const plain: unknown = JSON.parse(jsonText(task, 'the task to submit', 'task_not_json'));
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return plain;
  return 'idempotencyKey' in plain ? plain : { ...plain, idempotencyKey: key };
}
