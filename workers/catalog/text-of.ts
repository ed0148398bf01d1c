/**
 * The text of a list. What it is written in is told by its first bytes, by its server, by itself, or by nobody, and what is
 * told is often wrong, so nothing is believed that the bytes speak against. Total: what cannot be read becomes U+FFFD.
 */
export interface Text {
  readonly text: string;
  /** As the WHATWG encoding standard names it. */
  readonly charset: string;
}

const lookedAtBytes = 4_096;
const guessedFromBytes = 64 * 1024;
const MARKS: readonly (readonly [string, readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
  ['gb18030', [0x84, 0x31, 0x95, 0x33]],
];
/** Names the standard does not know. */
const ALIASES: Readonly<Record<string, string>> = {
  cp936: 'gbk',
  ms936: 'gbk',
  'windows-936': 'gbk',
  cp932: 'shift_jis',
  ms932: 'shift_jis',
  cp950: 'big5',
  cp949: 'euc-kr',
  utf8mb4: 'utf-8',
  'latin-1': 'windows-1252',
  cp1252: 'windows-1252',
  ansi: 'windows-1252',
  unicode: 'utf-16le',
};
/** Every byte is a character of theirs: nothing speaks against them, so what is UTF-8 throughout is that. */
const ANY_BYTE = /^(?:windows-\d+|iso-8859-\d+(?:-i)?|koi8-[ru]|ibm866|macintosh|x-mac-cyrillic|x-user-defined)$/;
/** One damaged character in so many is damage; more are another encoding. */
const damagedShareMax = 0.1;

/** @param contentType as the server says it, or null */
export function textOf(bytes: Uint8Array, contentType: string | null): Text {
  const marked = markOf(bytes) ?? wideOf(bytes);
  if (marked !== null) return { text: decode(bytes, marked), charset: marked };
  const declared = declaredIn(bytes, contentType);
  for (const charset of declared) {
    if (ANY_BYTE.test(charset) && hasWide(bytes) && strict(bytes, 'utf-8') !== null) continue;
    const text = strict(bytes, charset);
    if (text !== null) return { text, charset };
  }
  const utf8 = strict(bytes, 'utf-8');
  if (utf8 !== null) return { text: utf8, charset: 'utf-8' };
  const damaged = declared.find((charset) => charset !== 'utf-8') ?? 'utf-8';
  const text = decode(bytes, damaged);
  if (isHardlyDamaged(text)) return { text, charset: damaged };
  const charset = guess(bytes);
  return { text: decode(bytes, charset), charset };
}

function markOf(bytes: Uint8Array): string | null {
  return MARKS.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte))?.[0] ?? null;
}

/** UTF-16 without a mark: every other byte of what begins a list is zero. */
function wideOf(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return null;
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return 'utf-16le';
  return a === 0 && b !== 0 && c === 0 && d !== 0 ? 'utf-16be' : null;
}

/** The server first, as RFC 7303 has it. */
function declaredIn(bytes: Uint8Array, contentType: string | null): string[] {
  const head = Buffer.from(bytes.subarray(0, lookedAtBytes)).toString('latin1');
  const names = [
    /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType ?? '')?.[1],
    /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/i.exec(head)?.[1],
    /<meta\s[^>]{0,200}charset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1],
  ];
  // What reads as single bytes is not UTF-16, whatever it says.
  return names.map(charsetOf).filter((charset): charset is string => charset !== null && !charset.startsWith('utf-16'));
}

function charsetOf(name: string | undefined): string | null {
  if (name === undefined) return null;
  const label = name.toLowerCase();
  try {
    return new TextDecoder(ALIASES[label] ?? label).encoding;
  } catch {
    return null;
  }
}

function strict(bytes: Uint8Array, charset: string): string | null {
  try {
    return corrected(new TextDecoder(charset, { fatal: true }).decode(bytes), charset);
  } catch {
    return null;
  }
}

function decode(bytes: Uint8Array, charset: string): string {
  return corrected(new TextDecoder(charset).decode(bytes), charset);
}

/** What stands at 0x80 to 0x9f in windows-1252. Some versions of Node read it as ISO-8859-1, where control characters stand there. */
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function corrected(text: string, charset: string): string {
  if (charset !== 'windows-1252') return text;
  return text.replace(/[\u0080-\u009f]/g, (char) => WINDOWS[char.charCodeAt(0) - 0x80] ?? char);
}

function hasWide(bytes: Uint8Array): boolean {
  return bytes.some((byte) => byte > 0x7f);
}

function isHardlyDamaged(text: string): boolean {
  const damaged = count(text, /\ufffd/g);
  return damaged <= count(text, /[\u00a0-\ufffc\u{10000}-\u{10ffff}]/gu) * damagedShareMax;
}

/**
 * Where nobody said anything that holds. Japanese is told by its kana: read as Shift_JIS, Chinese becomes a row of half-width
 * ones. Alone among ASCII, high bytes are letters with accents; in pairs they are Chinese.
 */
function guess(bytes: Uint8Array): string {
  const part = bytes.subarray(0, guessedFromBytes);
  const japanese = decode(part, 'shift_jis');
  const kana = count(japanese, /[\u3041-\u30ff]/g);
  const seemsJapanese = kana > 0 && kana > 2 * count(japanese, /[\uff61-\uff9f\ufffd]/g);
  if (seemsJapanese && strict(bytes, 'shift_jis') !== null) return 'shift_jis';
  return aloneShare(part) > 0.5 || strict(bytes, 'gb18030') === null ? 'windows-1252' : 'gb18030';
}

/** How many runs of high bytes have an odd length. */
function aloneShare(bytes: Uint8Array): number {
  let [runs, alone, length] = [0, 0, 0];
  for (const byte of [...bytes, 0]) {
    if (byte > 0x7f) length++;
    else if (length > 0) {
      runs++;
      alone += length % 2;
      length = 0;
    }
  }
  return runs === 0 ? 0 : alone / runs;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
