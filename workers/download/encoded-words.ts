/**
 * Words of mail headers (RFC 2047): `=?UTF-8?B?5Lit5paHLm1wMw==?=`. They have no business in HTTP, but servers that
 * were made out of mail programs send names of files so, and browsers understand them.
 */
const WORD = String.raw`=\?([\w.:-]+)(?:\*[\w-]+)?\?([BbQq])\?([^?]*)\?=`;
/** Space between two words only separates them. */
const WORDS = new RegExp(`${WORD}(?:\\s*${WORD})*`, 'g');

/** @returns the text with its words decoded; a word that cannot be decoded stays as it is */
export function withWordsDecoded(text: string): string {
  return text.replace(WORDS, (words) => decoded(words) ?? words);
}

/** A character may be cut in two by the end of a word, so what has one charset is put together first. */
function decoded(words: string): string | null {
  const pieces: { readonly charset: string; readonly bytes: Buffer[] }[] = [];
  for (const [, charset = '', encoding = '', text = ''] of words.matchAll(new RegExp(WORD, 'g'))) {
    const bytes = encoding.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : fromQ(text);
    const last = pieces.at(-1);
    if (last?.charset === charset.toLowerCase()) last.bytes.push(bytes);
    else pieces.push({ charset: charset.toLowerCase(), bytes: [bytes] });
  }
  try {
    return pieces
      .map(({ charset, bytes }) => new TextDecoder(charset, { fatal: true }).decode(Buffer.concat(bytes)))
      .join('');
  } catch {
    return null;
  }
}

/** `_` is a space, `=C3` a byte. */
function fromQ(text: string): Buffer {
  const bytes = text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}
