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

export async function request(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const response = await send(method, path, body, signal);
  noteClock(response);
  if (response.ok) return response;
  if (response.status === 401 && path !== 'login') signedOut.value = true;
  throw await problemOf(response);
}

async function send(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = body === undefined ? undefined : { 'content-type': 'application/json' };
  try {
    return await fetch(apiPath(path), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      ...(headers && { headers, body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, 'unreachable', '');
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await request('GET', path, undefined, signal)).json()) as T;
}

/** A POST without a body still says JSON: the server takes nothing else from a page. */
export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  const text = await (await request('POST', path, body)).text();
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
