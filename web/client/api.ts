/** One way to the API: JSON in and out, problem+json becomes `Problem`, and a 401 asks for a login. */
import { signal } from '@preact/signals';
import type { Mistake } from '../../supervisor/core/refusal.ts';
import { apiPath } from './base.ts';

/** An answer of "no", as RFC 9457 has it; status 0 means that no answer came. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly mistakes: readonly Mistake[];

  constructor(status: number, code: string, message: string, mistakes: readonly Mistake[] = []) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.code = code;
    this.mistakes = mistakes;
  }
}

/** True once the API has said that it does not know us. */
export const signedOut = signal(false);

/** How far the supervisor's clock is ahead of this one, in ms: elapsed times are counted on its clock. */
export const clockSkewMs = signal(0);
/** `Date` has whole seconds; a smaller difference is not known to be one. */
const skewNoticedMs = 2_000;

interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Revision that a change rests on: with another one in force it is refused with 412. */
  readonly since?: string | null;
  /** What is there already is left alone: refused with 412. */
  readonly onlyNew?: boolean;
}

export async function request(
  method: string,
  path: string,
  body?: unknown,
  options: RequestOptions = {},
): Promise<Response> {
  const response = await send(method, path, body, options);
  noteClock(response);
  if (response.ok) return response;
  if (response.status === 401 && path !== 'login') signedOut.value = true;
  throw await problemOf(response);
}

async function send(method: string, path: string, body: unknown, options: RequestOptions): Promise<Response> {
  const { signal, since, onlyNew } = options;
  const headers = {
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(since && { 'if-match': `"${since}"` }),
    ...(onlyNew && { 'if-none-match': '*' }),
  };
  try {
    return await fetch(apiPath(path), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, 'unreachable', '');
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request('GET', path, undefined, { signal })).json()) as T;
}

/** A POST without a body still says JSON: the server takes nothing else from a page. */
export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return await change<T>('POST', path, body);
}

/** @param since revision that the change rests on; null when it rests on none */
export async function change<T>(
  method: 'POST' | 'PUT' | 'PATCH',
  path: string,
  body: unknown,
  since: string | null = null,
): Promise<T> {
  const text = await (await request(method, path, body, { since })).text();
  return (text === '' ? {} : JSON.parse(text)) as T;
}

function noteClock(response: Response): void {
  const at = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(at)) return;
  const skew = at - Date.now();
  clockSkewMs.value = Math.abs(skew) > skewNoticedMs ? skew : 0;
}

async function problemOf(response: Response): Promise<Problem> {
  const said = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  const code = typeof said?.['code'] === 'string' ? said['code'] : `http_${response.status}`;
  const message = said?.['detail'] ?? said?.['title'] ?? response.statusText;
  const mistakes = Array.isArray(said?.['errors']) ? (said['errors'] as Mistake[]) : [];
  return new Problem(response.status, code, String(message), mistakes);
}
