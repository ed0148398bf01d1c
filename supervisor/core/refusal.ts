/** Expected answers of "no": one list of codes, each with the HTTP status it has outside. */
export const REFUSALS = {
  validation: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  no_stage: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported_media_type: 415,
  unknown_type: 422,
  rate_limited: 429,
  outcome_unknown: 500,
  draining: 503,
  disk_full: 507,
} as const;
export type RefusalCode = keyof typeof REFUSALS;

/** One mistake in an input; `path` is a JSON path such as `$.params.url` or `$[3].priority`. */
export interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** A coded, expected "no". Anything else that is thrown is a fault of the program. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly mistakes: readonly Mistake[];

  constructor(code: RefusalCode, message: string, mistakes: readonly Mistake[] = []) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.mistakes = mistakes;
  }
}

/** One mistake, refused. */
export function mistaken(path: string, message: string): Refusal {
  return new Refusal('validation', `${path} ${message}`, [{ path, message }]);
}

/** All of them, of which the first is told in words; there is at least one. */
export function refusalOf(mistakes: readonly Mistake[]): Refusal {
  const [first] = mistakes;
  const more = mistakes.length > 1 ? ' (and more, see errors)' : '';
  return new Refusal('validation', `${first?.path} ${first?.message}${more}`, mistakes);
}
