/** Every "no" of the API as `application/problem+json` (RFC 9457): the one place where a refusal becomes a status. */
import { REFUSALS, Refusal, type RefusalCode } from '../supervisor/core/refusal.ts';
import { mistakesShownMax } from './limits.ts';

const TITLES: Readonly<Record<RefusalCode | 'internal', string>> = {
  validation: 'The request is not as it should be',
  unauthorized: 'A token is needed',
  forbidden: 'Not allowed',
  not_found: 'There is no such thing',
  method_not_allowed: 'Not a method of this address',
  conflict: 'The present state does not allow it',
  no_stage: 'The run has no such stage',
  precondition_failed: 'It has changed in the meantime',
  too_large: 'Too large',
  unsupported_media_type: 'Not a media type taken here',
  unknown_type: 'No handler for this type',
  rate_limited: 'Too many requests',
  outcome_unknown: 'Whether it was done is not known',
  draining: 'The supervisor is stopping',
  disk_full: 'The disk is full',
  internal: 'A fault of the supervisor',
};

export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RefusalCode | 'internal';
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
}

export const problemType = 'application/problem+json';

export function problemOf(refusal: Refusal): Problem {
  const { code, mistakes } = refusal;
  const base = {
    type: 'about:blank',
    title: TITLES[code],
    status: REFUSALS[code],
    detail: refusal.message,
    code,
  } as const;
  return mistakes.length === 0 ? base : { ...base, errors: mistakes.slice(0, mistakesShownMax) };
}

/** What a fault looks like from outside: nothing of its inside, which stands in the log. */
export const internalProblem: Problem = {
  type: 'about:blank',
  title: TITLES.internal,
  status: 500,
  detail: 'The supervisor could not answer because of a mistake of its own. Its log says more.',
  code: 'internal',
};

const BY_STATUS: Readonly<Record<number, RefusalCode>> = {
  400: 'validation',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
};

/** Errors of Koa and its parts carry a status and say with `expose` that their words are meant for the caller. */
export function refusalIn(thrown: unknown): Refusal | null {
  if (thrown instanceof Refusal) return thrown;
  if (!(thrown instanceof Error)) return null;
  const { status, expose } = thrown as { status?: unknown; expose?: unknown };
  const code = typeof status === 'number' ? BY_STATUS[status] : undefined;
  return code && expose === true ? new Refusal(code, thrown.message) : null;
}
