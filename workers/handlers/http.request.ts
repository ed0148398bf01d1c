/** `http.request`: one call to a web address, as a webhook or an API needs it, with what was answered kept as the result. */
import { z } from 'zod';
import { defineHandler, type HttpResponse } from '../define.ts';
import { webAddress } from '../http.ts';
import { keepBody } from '../http-body.ts';
import { unexpectedStatus } from '../http-status.ts';

const keptBytesDefault = 64 * 1024;
/** Below the limit of a result, also when every byte becomes an escape of two characters. */
const keptBytesMax = 100 * 1024;
const excerptBytesMax = 1_024;
const excerptCharsMax = 300;
const headerValueCharsMax = 500;
/** Headers of an answer worth keeping; the rest is about connections and browsers. */
const KEPT_HEADERS = [
  'content-type',
  'content-length',
  'date',
  'etag',
  'last-modified',
  'location',
  'retry-after',
  'link',
  'x-request-id',
];
const NOT_IDEMPOTENT = ['POST', 'PATCH'];

const status = z.union([
  z.number().int().min(100).max(599),
  z
    .string()
    .regex(
      /^[1-5](?:\d\d|xx)$|^[1-5]\d\d-[1-5]\d\d$/,
      'must be a status such as 204, a class such as "2xx" or a range such as "200-204"',
    ),
]);
const token = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be an HTTP name');

const params = z.strictObject({
  url: z.string(),
  method: token.optional(),
  headers: z.record(token, z.string()).optional(),
  /** Text is sent as it is, anything else as JSON. */
  body: z.unknown().optional(),
  expect: z.union([status, z.array(status).min(1)]).optional(),
  /** Bytes of the answer's body that are kept. */
  keep: z.number().int().min(0).max(keptBytesMax).optional(),
});
type Params = z.infer<typeof params>;

export const handler = defineHandler<Params>({
  type: 'http.request',
  lane: 'io',
  timeout: '5m',
  settings: ['ALLOW_PRIVATE_ADDRESSES'],
  params,
  async run(given, ctx) {
    const { url, expect = '2xx', keep = keptBytesDefault } = given;
    webAddress(url);
    const method = (given.method ?? (given.body === undefined ? 'GET' : 'POST')).toUpperCase();
    const redirects = [expect].flat().some((one) => matches(one, 302)) ? { redirectsMax: 0 } : {};
    const headers = headersFor(given, method, ctx.task.id);
    const response = await ctx.http.request(url, { method, headers, body: bodyText(given.body), ...redirects });
    if (![expect].flat().some((one) => matches(one, response.status))) throw await refusal(method, response);
    const kept = await keepBody(response, keep);
    ctx.log.info(
      `${method} ${response.url.split('?')[0]}: ${response.status}, ${kept.bytes}${kept.truncated ? ' or more' : ''} bytes`,
    );
    return { status: response.status, url: response.url, headers: keptHeaders(response), ...kept };
  },
});

/**
 * A task may run more than once, after a crash also when the first call had arrived: `Idempotency-Key` lets a receiver
 * who cares notice.
 */
function headersFor(given: Params, method: string, taskId: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given.headers ?? {})) headers[name.toLowerCase()] = value;
  if (given.body !== undefined)
    headers['content-type'] ??= typeof given.body === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  if (NOT_IDEMPOTENT.includes(method)) headers['idempotency-key'] ??= taskId;
  return headers;
}

function bodyText(body: unknown): string | null {
  if (body === undefined) return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

/** @param expected 204, "204", "2xx" or "200-204" */
function matches(expected: number | string, actual: number): boolean {
  const text = String(expected);
  if (text.endsWith('xx')) return Math.floor(actual / 100) === Number(text[0]);
  const [from, to = from] = text.split('-').map(Number);
  return from !== undefined && to !== undefined && actual >= from && actual <= to;
}

async function refusal(method: string, response: HttpResponse): Promise<Error> {
  const { body } = await keepBody(response, excerptBytesMax).catch(() => ({ body: null }));
  const text = typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body);
  const excerpt = text.replace(/\s+/g, ' ').trim().slice(0, excerptCharsMax);
  return unexpectedStatus({ method, url: response.url, status: response.status, headers: response.headers, excerpt });
}

function keptHeaders(response: HttpResponse): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = response.headers[name];
    if (value !== undefined) kept[name] = value.slice(0, headerValueCharsMax);
  }
  return kept;
}
