/** Addresses as lists give them: relative, padded, with marks of a visit in them. */
export const addressCharsMax = 4_096;

/** Says who came from where, or until when the address holds; never which file it is. */
const NOISE = /^(?:utm_\w+|fbclid|gclid|mc_[ce]id|phpsessid|jsessionid|x-(?:amz|goog)-[\w-]+)$/i;
/** Mean a signature only where they stand together: `Expires` alone may be anything. */
const SIGNED: readonly (readonly string[])[] = [
  ['expires', 'signature', 'key-pair-id'],
  ['expires', 'signature', 'awsaccesskeyid'],
  ['expires', 'signature', 'googleaccessid'],
];

/** @returns the address, whole and without fragment; null for what is none, or none of the web */
export function webUrl(href: string | null | undefined, base?: string): string | null {
  const url = urlOf(href, base);
  return url !== null && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : null;
}

export function urlOf(href: string | null | undefined, base?: string): URL | null {
  const text = href?.trim() ?? '';
  if (text === '' || text.length > addressCharsMax || !URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  url.hash = '';
  return url.href.length > addressCharsMax ? null : url;
}

/** An address without what differs at each visit though the file is the same. */
export function steadyAddress(address: string): string {
  const url = new URL(address);
  url.pathname = url.pathname.replace(/;jsessionid=[^/;]*/gi, '');
  if (url.search === '') return url.href;
  const names = [...url.searchParams.keys()].map((name) => name.toLowerCase());
  const signature = SIGNED.find((set) => set.every((name) => names.includes(name))) ?? [];
  const parts = url.search.slice(1).split('&');
  // Not by `searchParams`, which would write the others anew.
  url.search = parts.filter((part) => !isNoise(part, signature)).join('&');
  return url.href;
}

function isNoise(part: string, signature: readonly string[]): boolean {
  const name = part.split('=')[0]?.toLowerCase() ?? '';
  return NOISE.test(name) || signature.includes(name);
}

/** The last name in an address, as a person reads it; empty where there is none. */
export function nameIn(address: string): string {
  const segment = new URL(address).pathname.split('/').filter(Boolean).at(-1) ?? '';
  return decoded(segment);
}

/** @returns the text itself where it is no proper encoding of UTF-8 */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What an address is called where nobody gave it a title. */
export function titleIn(address: string): string {
  const name = nameIn(address).replace(/\.[A-Za-z0-9]{1,5}$/, '');
  return name === '' ? new URL(address).host : name;
}

/** What may stand in a playlist from there. @returns null for what cannot be fetched */
export function addressIn(location: string, base: string): string | null {
  if (!base.startsWith('file:')) return webUrl(location, base);
  const path = /^[A-Za-z][\w+.-]+:/.test(location)
    ? location
    : encodeURI(location).replace(/[?#]/g, encodeURIComponent);
  const url = urlOf(path, base);
  return url !== null && ['http:', 'https:', 'file:'].includes(url.protocol) ? url.href : null;
}
