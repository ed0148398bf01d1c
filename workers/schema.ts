/**
 * Standard Schema (https://standardschema.dev, version 1): the interface that zod, valibot, arktype and others share,
 * so that a handler brings the validator its author likes.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Issues named in one error; more would only hide the first. */
const issuesNamedMax = 10;
const PLAIN_KEY = /^[A-Za-z_$][\w$-]*$/;

/** The first issues, each with its place. */
export function placedIssues(issues: readonly StandardIssue[]): { path: string; message: string }[] {
  return issues.slice(0, issuesNamedMax).map((issue) => ({ path: pathOf(issue), message: said(issue.message) }));
}

/** One line a person understands: `$.params.url: Invalid URL; $.params.size is required` */
export function sayIssues(issues: readonly StandardIssue[]): string {
  const named = placedIssues(issues).map(
    ({ path, message }) => `${path}${message === REQUIRED ? ' ' : ': '}${message}`,
  );
  const more = issues.length - named.length;
  return named.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** How zod says that a member is missing. */
const MISSING = /^Invalid input: expected .+, received undefined$/;

const REQUIRED = 'is required';

function said(message: string): string {
  return MISSING.test(message) ? REQUIRED : message;
}

function pathOf(issue: StandardIssue): string {
  let path = '$.params';
  for (const segment of issue.path ?? []) {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') path += `[${key}]`;
    else path += PLAIN_KEY.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(String(key))}]`;
  }
  return path;
}
