/** Requests to the S3 API, signed; and what its refusals mean. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AwsV4Signer } from 'aws4fetch';
import { type HttpResponse, Permanent } from '../../define.ts';
import { unexpectedStatus } from '../../http-status.ts';
import { ask, textOf } from './faults.ts';
import { encoded, pathOf, type Reach } from './target.ts';

const answerBytesMax = 2 * 1024 * 1024;
const saidCharsMax = 200;

/** Nobody will believe us the next time either. */
const SIGNATURE = [
  'SignatureDoesNotMatch',
  'InvalidAccessKeyId',
  'AuthorizationHeaderMalformed',
  'RequestTimeTooSkewed',
  'InvalidToken',
  'ExpiredToken',
  'NotSignedUp',
];
/** Of what has arrived, or that it has not arrived in time; it may the next time. */
const PASSING: Readonly<Record<string, string>> = {
  BadDigest: 'digest_mismatch',
  XAmzContentSHA256Mismatch: 'digest_mismatch',
  IncompleteBody: 'cut_off',
  RequestTimeout: 'cut_off',
};

export interface Bucket {
  /** Without a `/` at its end. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly object: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  /** Of the body, in hex; that of a text is found here. */
  readonly sha256?: string;
  readonly signal?: AbortSignal;
  /** To be said even when the attempt has been stopped. */
  readonly farewell?: boolean;
}

export class S3 {
  readonly #bucket: Bucket;
  readonly #reach: Reach;

  constructor(bucket: Bucket, reach: Reach) {
    this.#bucket = bucket;
    this.#reach = reach;
  }

  /** Any answer is an answer. */
  async request(request: S3Request): Promise<HttpResponse> {
    const { method, object, query = {}, headers = {}, body, sha256, signal, farewell = false } = request;
    const { endpoint, bucket, region } = this.#bucket;
    // A space is %20 in what is signed, never a plus.
    const search = Object.entries(query)
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .join('&');
    const url = `${endpoint}/${pathOf(bucket)}/${pathOf(object)}${search === '' ? '' : `?${search}`}`;
    const text = typeof body === 'string' ? body : '';
    const digest = sha256 ?? createHash('sha256').update(text).digest('hex');
    const signer = new AwsV4Signer({
      method,
      url,
      headers: { ...headers, 'x-amz-content-sha256': digest },
      accessKeyId: this.#reach.accessKey,
      secretAccessKey: this.#reach.secretKey,
      service: 's3',
      region,
    });
    const signed = await signer.sign();
    const own = Object.fromEntries(signed.headers);
    const length = typeof body === 'string' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const options = { method, headers: { ...own, ...length }, body: body ?? null, ...(signal && { signal }) };
    const http = farewell ? this.#reach.farewell : this.#reach.http;
    return await ask({ http }, signed.url.href, options, `${method} ${object}`);
  }

  /** @returns its text @throws what the status and the code in the answer mean */
  async expect(status: number, request: S3Request): Promise<{ response: HttpResponse; text: string }> {
    const response = await this.request(request);
    const text = await textOf(response, answerBytesMax);
    // A long piece of work is answered with 200 before it has come to its end.
    if (response.status === status && !text.includes('<Error>')) return { response, text };
    throw refusal(request, response, text);
  }
}

/** @returns the error that says it, with a code */
export function refusal(request: S3Request, response: HttpResponse, text: string): Error {
  const said = member(text, 'Code') ?? '';
  const words = `${said}${said === '' ? '' : ': '}${(member(text, 'Message') ?? '').slice(0, saidCharsMax)}`;
  const what = `${request.method} ${request.object}`;
  if (SIGNATURE.includes(said))
    return new Permanent(`the target refuses the signature (${words})`, { code: 'signature_refused' });
  if (said === 'NoSuchBucket') return new Permanent('the target has no such bucket', { code: 'no_bucket' });
  if (said === 'NoSuchUpload')
    return Object.assign(new Error('the target has forgotten the upload'), { code: 'no_upload' });
  const passing = PASSING[said];
  if (passing !== undefined) return Object.assign(new Error(`${what}: ${words}`), { code: passing });
  if (response.status === 401 || response.status === 403)
    return new Permanent(`the target does not allow ${what} (${words})`, { code: 'access_refused' });
  if (response.status >= 300 && response.status < 400)
    return new Permanent(
      `the target sends ${what} elsewhere: OBJECT_ENDPOINT or OBJECT_REGION is not its own (${words})`,
      {
        code: 'wrong_endpoint',
      },
    );
  const status = response.status === 200 ? 500 : response.status;
  return unexpectedStatus({ ...request, url: response.url, status, headers: response.headers, excerpt: words });
}

/** The text of the first element of a name; what S3 answers has no attributes where it matters. */
export function member(xml: string, name: string): string | null {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text === undefined ? null : plain(text);
}

function plain(text: string): string {
  return text
    .replace(/&quot;|&#34;/g, '"')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');
}
