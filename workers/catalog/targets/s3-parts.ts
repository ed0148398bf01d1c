/**
 * An object in parts. What has arrived is kept in mind from attempt to attempt, by the store where it lists parts and by us
 * where it does not; a part that was cut is sent again, and no other. When it is given up for good, or canceled, the store is told to forget.
 */
import { isPermanent } from '../../define.ts';
import { type PieceSums, pieceBody, sumsOfPieces } from './body.ts';
import { Stall } from './faults.ts';
import { member, type S3 } from './s3-request.ts';
import { isCalledOff, type LocalFile, type Sending } from './target.ts';

/** The parts of one object. More than S3 allows would be 10,000; so many fit into what is kept for the next attempt. */
const partsMax = 1_000;
const partBytesLeast = 16 * 1024 * 1024;
/** Longer than a task that still goes on with its upload waits between two attempts. */
const keptMs = 3 * 86_400_000;

/** What an attempt leaves to the next. */
interface Begun {
  readonly uploadId: string;
  readonly object: string;
  readonly sha256: string;
  readonly partBytes: number;
  /** Entity tags of the parts that have arrived, by place; empty for one that has not. */
  readonly etags: readonly string[];
}

type Headers = Readonly<Record<string, string>>;

/** @param partBytesMost how long a part may be of a file that is not too long for it */
export async function putInParts(
  s3: S3,
  object: string,
  file: LocalFile,
  headers: Headers,
  sending: Sending,
  partBytesMost = partBytesLeast,
): Promise<void> {
  const known = begunBefore(sending.resume, object, file);
  const partBytes =
    known?.partBytes ?? Math.max(Math.min(partBytesLeast, partBytesMost), Math.ceil(file.bytes / partsMax));
  let upload = known;
  try {
    const pieces = await sumsOfPieces(file, partBytes, sending.signal);
    upload = known && (await goneOnWith(s3, known, pieces));
    if (!upload) {
      await forgetOlder(s3, object);
      upload = await begin(s3, object, file, headers, partBytes);
    }
    const parts = new Parts(s3, file, upload, pieces, sending);
    await parts.send();
    await parts.complete();
  } catch (error) {
    // Nobody will come back for it.
    const isWrong = codeOf(error) === 'digest_mismatch';
    if (upload && (isWrong || isPermanent(error) || isCalledOff(sending))) await forget(s3, upload);
    if (isWrong) sending.save(null);
    throw error;
  }
}

function begunBefore(resume: unknown, object: string, file: LocalFile): Begun | null {
  const begun = resume as Partial<Begun> | null;
  const whole =
    typeof begun?.uploadId === 'string' && typeof begun.partBytes === 'number' && Array.isArray(begun.etags);
  return whole && begun.object === object && begun.sha256 === file.sha256 ? (begun as Begun) : null;
}

async function begin(s3: S3, object: string, file: LocalFile, headers: Headers, partBytes: number): Promise<Begun> {
  const { text } = await s3.expect(200, { method: 'POST', object, query: { uploads: '' }, headers });
  const uploadId = member(text, 'UploadId');
  if (uploadId === null) throw new Error('the target has begun an upload without a name');
  return { uploadId, object, sha256: file.sha256, partBytes, etags: [] };
}

/** What it is given up for is to be told, not that this fails as well. */
async function forget(s3: S3, { object, uploadId }: Pick<Begun, 'object' | 'uploadId'>): Promise<void> {
  await s3.expect(204, { method: 'DELETE', object, query: { uploadId }, farewell: true }).catch(() => {});
}

/**
 * Uploads of the same object that were begun days ago, by a task that has failed for good or was canceled between two attempts:
 * the store keeps, and counts, their parts. Stores that do not list them, and keys that may not, leave it at that.
 */
async function forgetOlder(s3: S3, object: string): Promise<void> {
  const query = { uploads: '', prefix: object };
  const answer = await s3.expect(200, { method: 'GET', object: '', query }).catch(() => null);
  const before = Date.now() - keptMs;
  for (const [upload] of (answer?.text ?? '').matchAll(/<Upload>.*?<\/Upload>/gs)) {
    const [key, uploadId, begunAt] = ['Key', 'UploadId', 'Initiated'].map((name) => member(upload, name));
    if (key === object && uploadId && Date.parse(begunAt ?? '') < before) await forget(s3, { object, uploadId });
  }
}

/** What the store says that it has of it. @returns null where it knows nothing of it any more */
async function goneOnWith(s3: S3, begun: Begun, pieces: readonly PieceSums[]): Promise<Begun | null> {
  try {
    const query = { uploadId: begun.uploadId };
    const { text } = await s3.expect(200, { method: 'GET', object: begun.object, query });
    return { ...begun, etags: listed(text, pieces) };
  } catch (error) {
    if (codeOf(error) === 'no_upload' || codeOf(error) === 'http_404') return null;
    // Not every store lists parts; then what we have kept counts.
    if (isPermanent(error)) return begun;
    throw error;
  }
}

function listed(xml: string, pieces: readonly PieceSums[]): string[] {
  const etags: string[] = [];
  for (const [part] of xml.matchAll(/<Part>.*?<\/Part>/gs)) {
    const place = Number(member(part, 'PartNumber')) - 1;
    const isWhole = Number(member(part, 'Size')) === pieces[place]?.bytes;
    if (isWhole) etags[place] = member(part, 'ETag') ?? '';
  }
  return Array.from(etags, (etag) => etag ?? '');
}

class Parts {
  readonly #s3: S3;
  readonly #file: LocalFile;
  readonly #begun: Begun;
  readonly #pieces: readonly PieceSums[];
  readonly #sending: Sending;
  readonly #etags: string[];

  constructor(s3: S3, file: LocalFile, begun: Begun, pieces: readonly PieceSums[], sending: Sending) {
    this.#s3 = s3;
    this.#file = file;
    this.#begun = begun;
    this.#pieces = pieces;
    this.#sending = sending;
    this.#etags = pieces.map((_, place) => begun.etags[place] ?? '');
    this.#save();
  }

  /** One after another: what is lost by a cut is a part, not several. */
  async send(): Promise<void> {
    for (const [place, piece] of this.#pieces.entries()) {
      if (this.#etags[place] === '') this.#etags[place] = await this.#sendOne(place, piece);
      this.#save();
    }
  }

  async #sendOne(place: number, piece: PieceSums): Promise<string> {
    const stall = new Stall();
    stall.moved();
    const passed = (bytes: number) => {
      stall.moved();
      this.#sending.sent(piece.from + bytes);
    };
    try {
      const { response } = await this.#s3.expect(200, {
        method: 'PUT',
        object: this.#begun.object,
        query: { partNumber: String(place + 1), uploadId: this.#begun.uploadId },
        headers: { 'content-length': String(piece.bytes) },
        body: pieceBody(this.#file.path, piece, passed),
        sha256: piece.sha256,
        signal: stall.signal,
      });
      return checkedTag(response.headers, piece.md5, `part ${place + 1} of ${this.#begun.object}`);
    } finally {
      stall.end();
    }
  }

  async complete(): Promise<void> {
    const parts = this.#etags.map(
      (etag, place) => `<Part><PartNumber>${place + 1}</PartNumber><ETag>${escaped(etag)}</ETag></Part>`,
    );
    await this.#s3.expect(200, {
      method: 'POST',
      object: this.#begun.object,
      query: { uploadId: this.#begun.uploadId },
      headers: { 'content-type': 'application/xml' },
      body: `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`,
    });
    this.#sending.save(null);
  }

  #save(): void {
    this.#sending.save({ ...this.#begun, etags: this.#etags });
  }
}

/**
 * The tag of a part is its MD5, but where the store encrypts with a key of its own.
 * @throws `digest_mismatch`
 */
export function checkedTag(headers: Headers, md5: string, what: string): string {
  const tag = headers['etag'] ?? '';
  const isMd5 = /^"?[0-9a-f]{32}"?$/.test(tag) && headers['x-amz-server-side-encryption'] !== 'aws:kms';
  if (!isMd5 || tag.replaceAll('"', '') === md5) return tag;
  throw Object.assign(new Error(`${what} has arrived as another one`), { code: 'digest_mismatch' });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
