/** Checks the signature of a request to the S3 API, as AWS describes it (Signature Version 4): s3rver does not. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const FORM =
  /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

export function isSigned({ method = '', url = '', headers }: IncomingMessage, secret: string): boolean {
  const [, day = '', region = '', names = '', signature = ''] = FORM.exec(headers.authorization ?? '') ?? [];
  if (signature === '') return false;
  const [path = '', query = ''] = url.split('?');
  const sorted = query === '' ? '' : query.split('&').sort().join('&');
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim().replace(/\s+/g, ' ')}\n`);
  const canonical = [method, path, sorted, lines.join(''), names, headers['x-amz-content-sha256']].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, digest].join('\n');
  const keyed = (key: string | Buffer, value: string) => createHmac('sha256', key).update(value).digest();
  const key = ['s3', 'aws4_request'].reduce(keyed, keyed(keyed(`AWS4${secret}`, day), region));
  return timingSafeEqual(keyed(key, text), Buffer.from(signature, 'hex'));
}
