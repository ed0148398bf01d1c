/** A look at the bytes of a record, before it is parsed: whether it can mention what is searched for at all. */

/** Not written as they are in JSON, or written otherwise in the other case: what stands between them is looked for. */
const APART = /["\\\p{Cc}\p{Cs}]|[^\0-\x7f]/gu;

/**
 * It may say yes to a line that does not mention the text, never no to one that does; but for the few letters beyond ASCII
 * whose lower case is an ASCII letter, such as the sign of Kelvin.
 * @returns null when nothing can be told by the bytes
 */
export function mayMention(text: string): ((line: Buffer) => boolean) | null {
  const pieces = text.replace(APART, (sign) => (isSame(sign) ? sign : '"')).split('"');
  const longest = pieces.reduce((long, piece) => (byteLength(piece) > byteLength(long) ? piece : long));
  if (longest === '') return null;
  // Bytes stand as characters of one byte each: `latin1` costs no decoding.
  const bytes = Buffer.from(longest).toString('latin1');
  const pattern = new RegExp(bytes.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'i');
  return (line) => pattern.test(line.toString('latin1'));
}

/** Beyond ASCII only letters that have no case, such as Chinese ones, have the same bytes whatever the case. */
function isSame(sign: string): boolean {
  return /[^"\\\p{Cc}\p{Cs}]/u.test(sign) && sign.toLowerCase() === sign && sign.toUpperCase() === sign;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
