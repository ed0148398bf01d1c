/** How a server names the version of a file, and what its answer to a request for the rest of one means. */
export interface Validators {
  /** Strong entity tag, or null: a weak one does not promise the same bytes (RFC 9110, 8.8.3). */
  readonly etag: string | null;
  readonly lastModified: string | null;
}

type Headers = Readonly<Record<string, string>>;

/** A date is a strong validator only when the file was already older than the answer (RFC 9110, 8.8.2.2). */
const olderByMs = 1_000;

export function validatorsOf(headers: Headers): Validators {
  const etag = headers['etag'];
  const lastModified = headers['last-modified'];
  const age = Date.parse(headers['date'] ?? '') - Date.parse(lastModified ?? '');
  return {
    etag: etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : null,
    lastModified: lastModified !== undefined && age >= olderByMs ? lastModified : null,
  };
}

export interface ContentRange {
  readonly from: number;
  readonly to: number;
  /** Null when the server does not know. */
  readonly total: number | null;
}

/** `bytes 100-199/1000` */
export function contentRange(header: string | undefined): ContentRange | null {
  const [, from, to, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(header?.trim() ?? '') ?? [];
  if (from === undefined || to === undefined || Number(to) < Number(from)) return null;
  return { from: Number(from), to: Number(to), total: total === '*' ? null : Number(total) };
}

/** `bytes *\/1000`, as 416 carries it: how long the file is. */
export function unsatisfiedTotal(header: string | undefined): number | null {
  const total = /^bytes \*\/(\d{1,15})$/i.exec(header?.trim() ?? '')?.[1];
  return total === undefined ? null : Number(total);
}

/** @param seen validators of a part or a receipt; never contradicted by a header that is missing */
export function isSameVersion(seen: Validators, headers: Headers): boolean {
  const etag = headers['etag'];
  if (seen.etag !== null && etag !== undefined) return etag === seen.etag;
  const lastModified = headers['last-modified'];
  return seen.lastModified === null || lastModified === undefined || lastModified === seen.lastModified;
}

export type Verdict =
  /** The file on disk is the one the server has. */
  | { readonly kind: 'unchanged' }
  /** The part was whole already. */
  | { readonly kind: 'complete'; readonly totalBytes: number }
  /** Write the body from here on. */
  | { readonly kind: 'receive'; readonly from: number; readonly totalBytes: number | null }
  /** The part is of no use: ask for the whole. */
  | { readonly kind: 'again' }
  | { readonly kind: 'refused' };

/**
 * @param partBytes what was there already and asked to be continued; 0 for a request of the whole
 * @param part validators and length noted with the part
 */
export function judge(
  status: number,
  headers: Headers,
  partBytes: number,
  part: (Validators & { readonly totalBytes: number | null }) | null,
  conditional: boolean,
): Verdict {
  if (status === 304 && conditional) return { kind: 'unchanged' };
  if (status === 200) return { kind: 'receive', from: 0, totalBytes: lengthOf(headers) };
  if (part === null || partBytes === 0) return { kind: 'refused' };
  if (status === 206) {
    const range = contentRange(headers['content-range']);
    const fits = range !== null && range.from === partBytes && (range.total === null || range.to === range.total - 1);
    const sameLength = part.totalBytes === null || range?.total === null || range?.total === part.totalBytes;
    if (!fits || !sameLength || !isSameVersion(part, headers)) return { kind: 'again' };
    return { kind: 'receive', from: partBytes, totalBytes: range.total ?? part.totalBytes };
  }
  if (status === 416) {
    const whole = unsatisfiedTotal(headers['content-range']) === partBytes && isSameVersion(part, headers);
    return whole ? { kind: 'complete', totalBytes: partBytes } : { kind: 'again' };
  }
  return { kind: 'refused' };
}

function lengthOf(headers: Headers): number | null {
  const length = headers['content-length'];
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null;
}
