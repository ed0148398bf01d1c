/** Brings the bytes: asks for the rest when a part is there, for the whole when not, and writes what comes. */
import type { FileHandle } from 'node:fs/promises';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import type { HandlerContext, HttpResponse } from '../define.ts';
import { Permanent } from '../define.ts';
import { networkFault } from '../http-fault.ts';
import { unexpectedStatus } from '../http-status.ts';
import { type Algorithm, type Digest, Sums } from './digest.ts';
import { diskFull, isFull } from './disk-full.ts';
import { packingOf, unpacked } from './packing.ts';
import type { Note, Part } from './part.ts';
import type { Receipt } from './receipt.ts';
import { Speed, sayBytes } from './speed.ts';
import { judge, type Validators, validatorsOf } from './validators.ts';

/** A server that contradicts itself is asked for the whole so often within one attempt. */
const startsMax = 3;
const syncEveryBytes = 64 * 1024 * 1024;
const checkpointEveryMs = 5_000;
const excerptCharsMax = 200;
const empty = Buffer.alloc(0);

export interface Wanted {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sizeBytes: number | null;
  readonly digest: Digest | null;
  /** Refuses what is not meant: by the type of the answer, and by its first bytes. These are empty where a part is continued. */
  readonly check?: (type: string, beginning: Buffer) => void;
  /** See `HttpOptions`. */
  readonly writtenHost?: string | undefined;
}

export type Transfer =
  | { readonly kind: 'unchanged' }
  | {
      readonly kind: 'received';
      readonly bytes: number;
      readonly resumedBytes: number;
      readonly digests: ReadonlyMap<Algorithm, string>;
      readonly validators: Validators;
      /** Address that answered, and what it said about the name. */
      readonly url: string;
      readonly disposition: string | undefined;
      /** Media type; null where no answer has told it. */
      readonly type: string | null;
    };

/** @param save keeps what the next attempt should know: how many bytes are there */
export async function transfer(
  wanted: Wanted,
  part: Part,
  receipt: Receipt | null,
  ctx: HandlerContext,
  save: (bytes: number) => void,
): Promise<Transfer> {
  for (let starts = 0; starts < startsMax; starts++) {
    const begun = await part.resumable(wanted.url);
    const sums = new Sums(wanted.digest);
    await sums.updateFrom(part.path, begun?.bytes ?? 0);
    const conditions = begun ? rangeHeaders(begun.note, begun.bytes) : changedHeaders(receipt);
    const response = await ctx.http.request(wanted.url, {
      headers: { 'accept-encoding': 'identity', ...wanted.headers, ...conditions },
      ...(wanted.writtenHost !== undefined && { writtenHost: wanted.writtenHost }),
    });
    const verdict = judge(
      response.status,
      response.headers,
      begun?.bytes ?? 0,
      begun?.note ?? null,
      receipt !== null && !begun,
    );
    if (verdict.kind === 'refused') throw await refusal(response);
    const packing = packingOf(response);
    if (verdict.kind === 'receive' && (packing === null || verdict.from === 0)) {
      const fresh = verdict.from === 0 ? new Sums(wanted.digest) : sums;
      const receiving = new Receiving(wanted, part, response, verdict, packing, fresh);
      return receiving.run(ctx, save);
    }
    await response.discard();
    if (verdict.kind === 'unchanged') return verdict;
    if (verdict.kind === 'complete' && begun) {
      const { url, headers } = response;
      const both = { bytes: begun.bytes, resumedBytes: begun.bytes, digests: sums.digests(), validators: begun.note };
      return {
        kind: 'received',
        ...both,
        url,
        disposition: headers['content-disposition'],
        type: begun.note.type ?? null,
      };
    }
    ctx.log.info('what was there is of another version: starting again');
    await part.remove();
  }
  throw new Error('the server contradicts itself about which part of the file it has');
}

function rangeHeaders(note: Note, bytes: number): Record<string, string> {
  return { range: `bytes=${bytes}-`, 'if-range': note.etag ?? note.lastModified ?? '' };
}

function changedHeaders(receipt: Receipt | null): Record<string, string> {
  return {
    ...(receipt?.etag && { 'if-none-match': receipt.etag }),
    ...(receipt?.lastModified && { 'if-modified-since': receipt.lastModified }),
  };
}

async function refusal(response: HttpResponse): Promise<Error> {
  const { status, url, headers } = response;
  const isText = /^text\/plain|json/.test(headers['content-type'] ?? '');
  const text = isText ? await response.text().catch(() => '') : '';
  await response.discard();
  return unexpectedStatus({
    method: 'GET',
    url,
    status,
    headers,
    excerpt: text.replace(/\s+/g, ' ').slice(0, excerptCharsMax),
  });
}

/** One body on its way into a part. */
class Receiving {
  readonly #wanted: Wanted;
  readonly #part: Part;
  readonly #response: HttpResponse;
  readonly #from: number;
  readonly #totalBytes: number | null;
  readonly #sums: Sums;
  readonly #validators: Validators;
  readonly #packing: string | null;
  #position: number;
  #syncedBytes: number;

  constructor(
    wanted: Wanted,
    part: Part,
    response: HttpResponse,
    { from, totalBytes }: { readonly from: number; readonly totalBytes: number | null },
    packing: string | null,
    sums: Sums,
  ) {
    this.#wanted = wanted;
    this.#part = part;
    this.#response = response;
    this.#from = from;
    this.#position = from;
    this.#syncedBytes = from;
    this.#packing = packing;
    // What it says is the length of what is sent.
    this.#totalBytes = packing === null ? totalBytes : null;
    this.#sums = sums;
    this.#validators = validatorsOf(response.headers);
  }

  async run(ctx: HandlerContext, save: (bytes: number) => void): Promise<Transfer> {
    let handle: FileHandle | null = null;
    try {
      this.#check(empty);
      await this.#refuseWhatCannotFit();
      const body = this.#body();
      handle = await this.#part.open(this.#from);
      await this.#writeNote();
      await this.#receive(handle, body, ctx, save);
    } catch (error) {
      await this.#response.discard();
      throw this.#told(error, ctx.signal.aborted);
    } finally {
      await this.#keep(handle);
    }
    this.#refuseWrongSize(this.#position);
    return {
      kind: 'received',
      bytes: this.#position,
      resumedBytes: this.#from,
      digests: this.#sums.digests(),
      validators: this.#validators,
      url: this.#response.url,
      disposition: this.#response.headers['content-disposition'],
      type: this.#response.headers['content-type'] ?? null,
    };
  }

  #check(beginning: Buffer): void {
    this.#wanted.check?.(this.#response.headers['content-type'] ?? '', beginning);
  }

  #body(): Readable {
    return this.#packing === null ? this.#response.body : unpacked(this.#response.body, this.#packing);
  }

  async #refuseWhatCannotFit(): Promise<void> {
    if (this.#totalBytes === null) return;
    this.#refuseWrongSize(this.#totalBytes);
    const { bavail, bsize } = await statfs(dirname(this.#part.path));
    const needed = this.#totalBytes - this.#from;
    if (needed <= bavail * bsize) return;
    const message = `there is room for ${sayBytes(bavail * bsize)} on the disk, but ${sayBytes(needed)} are to come`;
    throw diskFull(message);
  }

  #refuseWrongSize(bytes: number): void {
    const { sizeBytes } = this.#wanted;
    if (sizeBytes === null || bytes === sizeBytes) return;
    throw new Permanent(`the file has ${bytes} bytes instead of the ${sizeBytes} that were asked for`, {
      code: 'size_mismatch',
    });
  }

  async #receive(
    handle: FileHandle,
    body: Readable,
    ctx: HandlerContext,
    save: (bytes: number) => void,
  ): Promise<void> {
    const { log: _, progress } = ctx;
    const speed = new Speed(this.#from, performance.now());
    let savedAt = performance.now();
    for await (const chunk of body) {
      if (this.#position === 0) this.#check(chunk as Buffer);
      await writeWhole(handle, chunk as Buffer, this.#position);
      this.#sums.update(chunk as Buffer);
      this.#position += (chunk as Buffer).length;
      if (this.#wanted.sizeBytes !== null && this.#position > this.#wanted.sizeBytes)
        this.#refuseWrongSize(this.#position);
      const now = performance.now();
      progress(this.#position, this.#totalBytes, speed.text(this.#position, now));
      if (this.#position - this.#syncedBytes >= syncEveryBytes) await this.#sync(handle);
      if (now - savedAt >= checkpointEveryMs) {
        savedAt = now;
        save(this.#position);
      }
    }
    if (this.#totalBytes !== null && this.#position !== this.#totalBytes) {
      throw Object.assign(new Error('the server ended its answer early'), { code: 'cut_off' });
    }
    progress(this.#position, this.#totalBytes ?? this.#position, speed.text(this.#position, performance.now()));
  }

  async #sync(handle: FileHandle): Promise<void> {
    await handle.datasync();
    this.#syncedBytes = this.#position;
    await this.#writeNote();
  }

  /** By which the next attempt may go on from here. */
  get #marks(): Validators {
    return this.#packing === null ? this.#validators : { etag: null, lastModified: null };
  }

  async #writeNote(): Promise<void> {
    await this.#part.write({
      url: this.#wanted.url,
      ...this.#marks,
      totalBytes: this.#totalBytes,
      syncedBytes: this.#syncedBytes,
      type: this.#response.headers['content-type']?.slice(0, 200) ?? null,
    });
  }

  /** However it ended: what is there stays, and is on the disk. */
  async #keep(handle: FileHandle | null): Promise<void> {
    if (!handle) return;
    try {
      await handle.sync();
      this.#syncedBytes = this.#position;
      await this.#writeNote();
    } catch (error) {
      // The note before it is still there, and what has filled the disk is told already.
      if (!isFull(error)) throw error;
    } finally {
      await handle.close();
    }
  }

  #told(error: unknown, aborted: boolean): unknown {
    if (aborted || error instanceof Permanent) return error;
    if (isFull(error)) return diskFull(undefined, { cause: error });
    const { code } = error as { code?: unknown };
    const fault = networkFault(error, new URL(this.#response.url)) as Error & { code?: unknown };
    const packed = String(code).startsWith('Z_')
      ? `what the server sends cannot be unpacked as ${this.#packing}: `
      : '';
    const whole = this.#totalBytes === null ? '' : ` of ${sayBytes(this.#totalBytes)}`;
    const resumable = this.#marks.etag !== null || this.#marks.lastModified !== null;
    const next = resumable
      ? 'the next attempt goes on from there'
      : 'the server gives no mark to go on by, so the next attempt starts again';
    const message = `${packed}${fault.message}, after ${sayBytes(this.#position)}${whole}; ${next}`;
    return Object.assign(new Error(message), { code: typeof fault.code === 'string' ? fault.code : 'cut_off' });
  }
}

async function writeWhole(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let written = 0; written < chunk.length; ) {
    written += (await handle.write(chunk, written, chunk.length - written, position + written)).bytesWritten;
  }
}
