/** What an HTTP status that nobody expected means for the next attempt. */
import { Permanent, RetryAfter } from './define.ts';

/** A server that asks for more patience than this is asked again then. */
export const retryAfterMsMax = 86_400_000;
/** Refusals that may pass: timeout, too early, too many requests. */
const PASSING_4XX = [408, 425, 429];
const ASKING_FOR_PATIENCE = [429, 503];

export interface Answered {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The beginning of its body, or nothing. */
  readonly excerpt: string;
}

export function unexpectedStatus(answer: Answered): Error {
  const { status } = answer;
  const code = `http_${status}`;
  const message = `${answer.method} ${withoutQuery(answer.url)} was answered with ${status}${NAMES[status] ? ` ${NAMES[status]}` : ''}${
    answer.excerpt === '' ? '' : `: ${answer.excerpt}`
  }`;
  const wait = ASKING_FOR_PATIENCE.includes(status) ? patienceMs(answer.headers['retry-after'], Date.now()) : null;
  if (wait !== null) {
    const asked = `${message} (asked to come back in ${Math.ceil(wait / 1_000)} s)`;
    return new RetryAfter(wait, asked, { code, backoffHolds: true });
  }
  if (status >= 500 || PASSING_4XX.includes(status)) return Object.assign(new Error(message), { code });
  return new Permanent(message, { code });
}

/** The three forms of RFC 9110, 5.6.7; `Date.parse` alone takes nearly any number for a date. */
const HTTP_DATE =
  /^(?:[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT|[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} [\d:]{8} GMT|([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}))$/;

/**
 * `Retry-After` of RFC 9110, 10.2.3: seconds, or a date.
 * @returns milliseconds from `now`, or null when the header is missing, says nothing or asks for no patience
 */
export function patienceMs(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : momentOf(text) - now;
  return ms > 0 ? Math.min(ms, retryAfterMsMax) : null;
}

function momentOf(text: string): number {
  const date = HTTP_DATE.exec(text);
  if (!date) return Number.NaN;
  // The form of asctime names no zone and means UTC.
  return Date.parse(date[1] === undefined ? text : `${text} GMT`);
}

/** Queries carry keys and tokens; errors are kept and shown. */
export function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : `${url.slice(0, at)}?…`;
}

const NAMES: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};
