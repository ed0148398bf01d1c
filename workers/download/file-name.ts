/**
 * Names for files that come from elsewhere. A server, or a task, suggests; what comes out is one plain name that every
 * file system a NAS is likely to share it with will take, and that cannot lead anywhere else.
 */
import { withWordsDecoded } from './encoded-words.ts';

const nameBytesMax = 200;
const extensionCharsMax = 16;
/** Windows reads these as devices, whatever extension follows. */
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(?:\.|$))/i;
// Control and format characters (among them those that turn the direction of text and so hide an extension; joiners
// are part of emoji and of Persian words), separators of lines, halves of characters, and what Windows forbids.
const FORBIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}<>:"/\\|?*]/gu;

/** @returns a safe name, or null when nothing of the suggestion is left */
export function safeName(suggestion: string, bytesMax = nameBytesMax): string | null {
  // A leading dot would hide the file, a trailing dot or space cannot be stored on Windows or SMB.
  const plain = plainText(suggestion).replace(/^[\s.]+|[\s.]+$/gu, '');
  if (plain.replace(/[_\s.\u200c\u200d]/g, '') === '') return null;
  const name = RESERVED.test(plain) ? `_${plain}` : plain;
  return shortened(name, bytesMax);
}

/** A piece of a name: what no name may hold stands as `_`, in NFC, with single spaces. */
export function plainText(text: string): string {
  return text.normalize('NFC').replace(FORBIDDEN, '_').replace(/\s+/gu, ' ');
}

/** Shortened between code points, with its extension kept. */
export function shortened(name: string, bytesMax: number): string {
  if (Buffer.byteLength(name) <= bytesMax) return name;
  const { stem, extension } = split(name);
  let room = bytesMax - Buffer.byteLength(extension);
  let kept = '';
  for (const character of stem) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    kept += character;
  }
  return kept.replace(/[\s.]+$/u, '') + extension;
}

/** `name.mp3`, `name (2).mp3`, `name (3).mp3` … */
export function numbered(name: string, number: number): string {
  if (number === 1) return name;
  const { stem, extension } = split(name);
  const mark = ` (${number})`;
  return shortened(stem, nameBytesMax - Buffer.byteLength(mark + extension)) + mark + extension;
}

function split(name: string): { stem: string; extension: string } {
  const dot = name.lastIndexOf('.');
  const isExtension = dot > 0 && name.length - dot <= extensionCharsMax && !/\s/u.test(name.slice(dot));
  return isExtension ? { stem: name.slice(0, dot), extension: name.slice(dot) } : { stem: name, extension: '' };
}

/** The name an answer suggests: by its `Content-Disposition`, else by the end of its address. */
export function suggestedName(disposition: string | undefined, url: string): string {
  return (disposition === undefined ? null : fromDisposition(disposition)) ?? fromUrl(url) ?? 'download';
}

/**
 * RFC 6266 with RFC 8187: `filename*` wins over `filename`.
 * @param disposition its bytes as latin1, as undici gives them
 */
export function fromDisposition(disposition: string): string | null {
  const parameters = parametersOf(disposition);
  const extended = parameters.get('filename*');
  const decoded = extended === undefined ? null : fromExtended(extended);
  const plain = parameters.get('filename');
  const name = decoded ?? (plain === undefined ? null : fromPlain(plain));
  return name === null ? null : safeName(lastSegment(name));
}

const PARAMETER = /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]*))/g;

function parametersOf(header: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = '', quoted, bare = ''] of `;${header}`.matchAll(PARAMETER)) {
    const value = quoted === undefined ? bare.trim() : quoted.replace(/\\(["\\])/g, '$1');
    // The first wins: a second one can only be a mistake or a trick.
    if (!parameters.has(name.toLowerCase())) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/** `UTF-8'zh'%E4%B8%AD.mp3` */
function fromExtended(value: string): string | null {
  const [, charset = '', encoded = ''] = /^([\w.:-]+)'[^']*'(.*)$/.exec(value) ?? [];
  if (charset === '') return null;
  const bytes = Buffer.from(
    encoded.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** The standard says latin1; servers send UTF-8 as it is, percent-encoded or as words of mail, as browsers have come to accept. */
function fromPlain(value: string): string {
  const utf8 = decodeUtf8(value);
  const words = withWordsDecoded(utf8);
  if (words !== utf8) return words;
  return /%[0-9A-Fa-f]{2}/.test(utf8) ? percentDecoded(utf8) : utf8;
}

function decodeUtf8(latin1: string): string {
  const text = Buffer.from(latin1, 'latin1').toString('utf8');
  return text.includes('\uFFFD') ? latin1 : text;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function fromUrl(url: string): string | null {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  return safeName(lastSegment(percentDecoded(path.replace(/\/+$/, '').split('/').at(-1) ?? '')));
}

/** Some servers send a whole path, of their own system or of Windows. */
function lastSegment(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? '';
}
