/**
 * An S3 bucket as a target. What is sent is signed with its digest, so the store itself refuses what has changed on the way;
 * the digest of the file stays with the object and is what a later look is held against.
 */
import type { HttpResponse } from '../../define.ts';
import { emptyPiece, pieceBody, sumsOfPieces } from './body.ts';
import { Stall } from './faults.ts';
import { digestOfBody } from './read-back.ts';
import { checkedTag, putInParts } from './s3-parts.ts';
import { type Bucket, refusal, S3 } from './s3-request.ts';
import type { LocalFile, Reach, Sending, Target } from './target.ts';

/** Longer files go in parts. */
export const singlePutBytesMax = 32 * 1024 * 1024;
const DIGEST = 'x-amz-meta-sha256';

type Headers = Readonly<Record<string, string>>;

export class S3Target implements Target {
  readonly name: string;
  readonly #s3: S3;
  readonly #singleBytesMax: number;

  constructor(bucket: Bucket, reach: Reach, singleBytesMax = singlePutBytesMax) {
    this.name = `s3://${bucket.bucket}`;
    this.#s3 = new S3(bucket, reach);
    this.#singleBytesMax = singleBytesMax;
  }

  async holds(object: string, file: LocalFile, recorded: boolean): Promise<boolean> {
    const found = await this.#look(object);
    if (!found || Number(found.headers['content-length']) !== file.bytes) return false;
    const digest = found.headers[DIGEST];
    // Put there by somebody else.
    if (digest === undefined) return recorded || (await this.#digestOf(object)) === file.sha256;
    return digest === file.sha256;
  }

  async put(object: string, file: LocalFile, sending: Sending): Promise<void> {
    const headers = { [DIGEST]: file.sha256, 'content-type': 'application/octet-stream' };
    if (file.bytes > this.#singleBytesMax)
      await putInParts(this.#s3, object, file, headers, sending, this.#singleBytesMax);
    else await this.#putWhole(object, file, headers, sending);
    if (await this.holds(object, file, false)) return;
    throw Object.assign(new Error(`${object} is not in the bucket as it was sent`), { code: 'digest_mismatch' });
  }

  async #putWhole(object: string, file: LocalFile, headers: Headers, sending: Sending): Promise<void> {
    const [whole = emptyPiece] = await sumsOfPieces(file, Math.max(file.bytes, 1), sending.signal);
    const stall = new Stall();
    stall.moved();
    const passed = (bytes: number) => {
      stall.moved();
      sending.sent(bytes);
    };
    try {
      const { response } = await this.#s3.expect(200, {
        method: 'PUT',
        object,
        headers: { ...headers, 'content-length': String(file.bytes) },
        ...(file.bytes > 0 && { body: pieceBody(file.path, whole, passed) }),
        sha256: whole.sha256,
        signal: stall.signal,
      });
      checkedTag(response.headers, whole.md5, object);
    } finally {
      stall.end();
    }
  }

  /** @returns null where there is none */
  async #look(object: string): Promise<HttpResponse | null> {
    const request = { method: 'HEAD', object } as const;
    const response = await this.#s3.request(request);
    await response.discard();
    if (response.status === 200) return response;
    if (response.status === 404) return null;
    // The answer to HEAD has no body that could say why.
    if (response.status < 500) await this.#s3.expect(206, { method: 'GET', object, headers: { range: 'bytes=0-0' } });
    throw refusal(request, response, '');
  }

  async #digestOf(object: string): Promise<string | null> {
    const response = await this.#s3.request({ method: 'GET', object });
    return await digestOfBody(response);
  }
}
