/**
 * `http.download`: a file from the web into the library. It survives whatever interrupts it: bytes that have come are
 * kept and continued from, and the file appears under its name only when it is whole, checked and on the disk.
 */
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { defineHandler, type HandlerContext, isPermanent, Permanent } from '../define.ts';
import { type Digest, parseDigest, sumsOf } from '../download/digest.ts';
import { safeName, suggestedName } from '../download/file-name.ts';
import { type Place, placeFor } from '../download/folder.ts';
import { Part, targetKey } from '../download/part.ts';
import { findReceipt, writeReceipt } from '../download/receipt.ts';
import { settle } from '../download/settle.ts';
import { type Transfer, transfer } from '../download/transfer.ts';
import { webAddress } from '../http.ts';
import { setup } from '../setup.ts';

const params = z.strictObject({
  url: z.string(),
  /** Folder below the library. */
  dir: z.string().default(''),
  name: z.string().optional(),
  /** Bytes it must have. */
  size: z.number().int().min(0).optional(),
  digest: z
    .string()
    .refine((text) => parseDigest(text) !== null, 'must be sha256:HEX (or md5, sha1, sha512) of the right length')
    .optional(),
  headers: z.record(z.string(), z.string()).optional(),
  overwrite: z.boolean().default(false),
});
type Params = z.infer<typeof params>;
type Received = Extract<Transfer, { kind: 'received' }>;

interface Result {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes that an earlier attempt had brought. */
  readonly resumedBytes: number;
  /** True: the file was there already. */
  readonly skipped: boolean;
  readonly url: string;
}

export const handler = defineHandler<Params, Result>({
  type: 'http.download',
  lane: 'io',
  timeout: '12h',
  settings: ['LIBRARY_DIR', 'ALLOW_PRIVATE_ADDRESSES'],
  params,
  async run(given, ctx) {
    webAddress(given.url);
    const digest = given.digest === undefined ? null : parseDigest(given.digest);
    const name = given.name === undefined ? undefined : checkedName(given.name);
    const place = await placeFor(setup.dataDir, ctx.settings['LIBRARY_DIR'] || 'library', given.dir);
    const there = await alreadyThere(place, name, digest, given.url);
    return there ?? download(given, name, digest, place, ctx);
  },
});

function checkedName(name: string): string {
  const plain = name.normalize('NFC');
  if (safeName(plain) === plain) return plain;
  const instead = safeName(plain);
  throw new Permanent(`"${name}" is no safe name for a file${instead === null ? '' : `; "${instead}" would be`}`, {
    code: 'wrong_name',
  });
}

/** With name and digest known, nobody needs to be asked. */
async function alreadyThere(
  place: Place,
  name: string | undefined,
  digest: Digest | null,
  url: string,
): Promise<Result | null> {
  if (name === undefined || digest === null) return null;
  const path = join(place.folder, name);
  const found = await lstat(path).catch(() => null);
  if (!found?.isFile()) return null;
  const sums = await sumsOf(path, found.size, digest);
  if (sums.get(digest.algorithm) !== digest.hex) return null;
  return { path, bytes: found.size, sha256: sums.get('sha256') ?? '', resumedBytes: 0, skipped: true, url };
}

async function download(
  given: Params,
  name: string | undefined,
  digest: Digest | null,
  place: Place,
  ctx: HandlerContext,
): Promise<Result> {
  const key = targetKey(given.url, place.folder, name);
  const part = await Part.find(place.folder, key, ctx.task.id);
  const known = await findReceipt(place.root, key, place.folder);
  const receipt =
    known && (digest === null || (digest.algorithm === 'sha256' && digest.hex === known.sha256)) ? known : null;
  const mismatches = mismatchesBefore(ctx.resume);
  const wanted = { url: given.url, headers: given.headers ?? {}, sizeBytes: given.size ?? null, digest };
  try {
    const arrived = await transfer(wanted, part, receipt, ctx, (bytes) => ctx.checkpoint({ bytes, mismatches }));
    if (arrived.kind === 'received') {
      await refuseWrongDigest(arrived, digest, part, mismatches, ctx);
      return await keep(arrived, given, name, place, key, part, ctx);
    }
  } catch (error) {
    // Nobody will come back for it.
    if (isPermanent(error)) await part.remove();
    throw error;
  }
  if (!receipt) throw new Error('the server says that nothing has changed, but was not asked that');
  ctx.log.info(`unchanged since it was downloaded: ${receipt.path}`);
  return {
    path: receipt.path,
    bytes: receipt.bytes,
    sha256: receipt.sha256,
    resumedBytes: 0,
    skipped: true,
    url: given.url,
  };
}

/** Once it may have been a disturbance on the way, twice it is another file. */
async function refuseWrongDigest(
  arrived: Received,
  digest: Digest | null,
  part: Part,
  mismatches: number,
  ctx: HandlerContext,
): Promise<void> {
  const actual = digest === null ? undefined : arrived.digests.get(digest.algorithm);
  if (digest === null || actual === digest.hex) return;
  await part.remove();
  ctx.checkpoint({ bytes: 0, mismatches: mismatches + 1 });
  const message = `the file has the ${digest.algorithm} ${actual} instead of ${digest.hex}`;
  if (mismatches > 0) throw new Permanent(`${message}, for the second time`, { code: 'digest_mismatch' });
  throw Object.assign(new Error(`${message}; it is fetched once more`), { code: 'digest_mismatch' });
}

function mismatchesBefore(resume: unknown): number {
  const saved = (resume as { mismatches?: unknown } | null)?.mismatches;
  return typeof saved === 'number' ? saved : 0;
}

async function keep(
  arrived: Received,
  given: Params,
  name: string | undefined,
  place: Place,
  key: string,
  part: Part,
  ctx: HandlerContext,
): Promise<Result> {
  const { bytes, resumedBytes, validators, url } = arrived;
  const sha256 = arrived.digests.get('sha256') ?? '';
  const wantedName = name ?? suggestedName(arrived.disposition, url);
  const file = { folder: place.folder, name: wantedName, bytes, sha256 };
  const { path, identical } = await settle(part, file, given.overwrite);
  await writeReceipt(place.root, key, { url: given.url, path, sha256, ...validators });
  ctx.log.info(identical ? `the same file was there already: ${path}` : `saved ${bytes} bytes as ${path}`);
  return { path, bytes, sha256, resumedBytes, skipped: identical, url };
}
