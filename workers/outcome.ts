/** How the end of a handler, whatever it returned or threw, becomes an outcome made of plain data. */
import { inspect } from 'node:util';
import type { ReportedError, ReportedOutcome, StopReason } from './contract.ts';
import { cut } from './cut.ts';
import { backoffHolds, isPermanent, Permanent, retryAfterMs } from './define.ts';
import { errorCodeCharsMax, errorMessageCharsMax, errorStackCharsMax, resultBytesMax } from './limits.ts';

/** The part of an `OutcomeItem` that says how it ended. */
export interface Ending {
  readonly outcome: ReportedOutcome;
  readonly result: string | null;
  readonly error: ReportedError | null;
  readonly retryable: boolean;
  readonly retryAfterMs: number | null;
  /** The wait is never shorter than the backoff. */
  readonly backoffHolds?: boolean;
}

const EMPTY: Ending = { outcome: 'succeeded', result: null, error: null, retryable: false, retryAfterMs: null };

/** @param value what the handler returned */
export function returned(value: unknown): Ending {
  if (value === undefined || value === null) return EMPTY;
  try {
    return { ...EMPTY, result: resultText(value) };
  } catch (error) {
    return failed(error);
  }
}

/** @param error what the handler threw: anything at all */
export function failed(error: unknown, code = 'handler_error'): Ending {
  try {
    return {
      outcome: 'failed',
      result: null,
      error: describe(error, code),
      retryable: !isPermanent(error),
      retryAfterMs: retryAfterMs(error),
      ...(backoffHolds(error) && { backoffHolds: true }),
    };
  } catch {
    // A thrown object can be hostile: a proxy, or getters that throw.
    const message = 'the handler threw something that cannot be read';
    return { outcome: 'failed', result: null, error: { code, message }, retryable: true, retryAfterMs: null };
  }
}

/** The handler ended badly after it had been asked to stop. */
export function stopped(reason: StopReason, asked: unknown, thrown: unknown): Ending {
  const outcome = reason === 'timed_out' ? 'timed_out' : 'canceled';
  const own = failed(thrown).error;
  const expected = thrown === asked || own?.code === reason || nameOf(thrown) === 'AbortError';
  const message = `${messageOf(asked)}${expected || !own ? '' : `; the handler ended with: ${own.message}`}`;
  return {
    outcome,
    result: null,
    error: { code: reason, message: cut(message, errorMessageCharsMax) },
    retryable: true,
    retryAfterMs: null,
  };
}

function describe(error: unknown, code: string): ReportedError {
  if (!(error instanceof Error) && !looksLikeError(error)) {
    return { code, message: cut(`threw ${inspect(error, { depth: 2 })}, which is not an Error`, errorMessageCharsMax) };
  }
  const own = (error as { code?: unknown }).code;
  const stack = (error as Error).stack;
  return {
    code: typeof own === 'string' && own !== '' ? cut(own, errorCodeCharsMax) : code,
    message: cut(withCauses(error as Error), errorMessageCharsMax),
    ...(typeof stack === 'string' && { stack: cut(stack, errorStackCharsMax) }),
  };
}

const causesNamedMax = 3;

/** `fetch failed` alone helps nobody: the reason stands in its cause. */
function withCauses(error: Error): string {
  let text = messageOf(error);
  let cause: unknown = error.cause;
  for (let depth = 0; depth < causesNamedMax && cause !== undefined && cause !== null; depth++) {
    text += `: ${messageOf(cause)}`;
    cause = (cause as { cause?: unknown }).cause;
  }
  return text;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.slice(0, causesNamedMax).map(messageOf).join(', ');
  if (!looksLikeError(error)) return inspect(error, { depth: 0 });
  return error.message === '' ? String(nameOf(error)) : error.message;
}

function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
}

/** Errors of another realm or copy are no `instanceof Error`. */
function looksLikeError(error: unknown): error is Error {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}

function resultText(value: unknown): string {
  const text = jsonText(value, 'the result', 'result_not_json');
  const bytes = text.length * 3 > resultBytesMax ? Buffer.byteLength(text) : text.length;
  if (bytes <= resultBytesMax) return text;
  throw new Permanent(
    `the result is ${bytes} bytes as JSON; at most ${resultBytesMax} are kept with a task. Write it to a file and return its path`,
    { code: 'result_too_large' },
  );
}

/** JSON text of a value that JSON can hold as it is; what it would drop or change silently is refused by name. */
export function jsonText(value: unknown, what: string, code: string): string {
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value, refuseSilentLoss);
  } catch (error) {
    throw new Permanent(`${what} cannot be written as JSON: ${messageOf(error)}`, { code });
  }
  if (text !== undefined) return text;
  throw new Permanent(
    `${what} cannot be written as JSON: it is ${value === undefined ? 'undefined' : `a ${typeof value}`}`,
    { code },
  );
}

function refuseSilentLoss(key: string, value: unknown): unknown {
  const at = key === '' ? '' : ` at "${cut(key, 60)}"`;
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') {
    throw new TypeError(`JSON has no ${typeof value}${at}`);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`JSON has no ${value}${at}`);
  if (value instanceof Map || value instanceof Set) throw new TypeError(`JSON has no ${value.constructor.name}${at}`);
  return value;
}
