/**
 * The main thread's end of a thread that works on files: orders go out, answers come back in the same order. For tests
 * with a disk of their own the same work is done on the main thread and answered a turn later.
 */
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { type ExitName, Fault } from '../core/fault.ts';

export interface Failure {
  readonly exit: ExitName;
  readonly message: string;
  readonly action: string;
}

export interface Answer {
  readonly failure?: Failure;
}

export interface Port<O, R extends Answer> {
  order(order: O, answer: (reply: R) => void): void;
  /** Ends the thread, after the orders given so far. */
  end(): Promise<void>;
}

/** @param url of the thread's file; it takes `null` as the end */
export function threadPort<O, R extends Answer>(url: URL, resourceLimits: ResourceLimits): Port<O, R> {
  const pending: ((reply: R) => void)[] = [];
  const thread = new Worker(url, { resourceLimits });
  let ended: R | null = null;
  const stop = (message: string) => {
    ended ??= {
      failure: { exit: 'diskFailed', message, action: 'start again; nothing unacknowledged was promised' },
    } as R;
    for (const answer of pending.splice(0)) answer(ended);
  };
  thread.on('message', (reply: R) => pending.shift()?.(reply));
  thread.on('error', (error) => stop(`a thread of the journal broke: ${error.message}`));
  const exited = new Promise<void>((resolve) => {
    thread.on('exit', () => {
      stop('a thread of the journal ended');
      resolve();
    });
  });
  return {
    order(order, answer) {
      const reply = ended;
      if (reply) {
        setImmediate(() => answer(reply));
        return;
      }
      pending.push(answer);
      thread.postMessage(order);
    },
    end() {
      thread.postMessage(null);
      return exited;
    },
  };
}

export function inlinePort<O, R extends Answer>(carryOut: (order: O) => R): Port<O, R> {
  let last: Promise<void> = Promise.resolve();
  return {
    order(order, answer) {
      const reply = carryOut(order);
      last = new Promise((resolve) => {
        setImmediate(() => {
          answer(reply);
          resolve();
        });
      });
    },
    end: () => last,
  };
}

/** An order as a promise; a failure is thrown as the fault it is. */
export function ask<O, R extends Answer>(port: Port<O, R>, order: O): Promise<R> {
  return new Promise((resolve, reject) => {
    port.order(order, (reply) => (reply.failure ? reject(faultOf(reply.failure)) : resolve(reply)));
  });
}

export function faultOf(failure: Failure): Fault {
  return new Fault(failure.exit, failure.message, failure.action);
}

/** What travels between threads in place of an error. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Fault) return { exit: error.exit, message: error.message, action: error.action };
  return { exit: 'diskFailed', message: (error as Error).message, action: 'check the disk, then start again' };
}
