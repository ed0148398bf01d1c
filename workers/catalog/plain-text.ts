/** Text as feeds give it, in one line and without markup. Total. */
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };
const ENTITY = /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos|nbsp));/g;
/** Of a longer text only the beginning is looked at. */
const lookedAtCharsMax = 20_000;

/** @returns null for what holds nothing to read */
export function plainText(text: string | null | undefined, charsMax: number): string | null {
  if (typeof text !== 'string') return null;
  // Many feeds escape twice, and what was escaped is markup then.
  const bare = text.slice(0, lookedAtCharsMax).replace(/<\/?[A-Za-z][^<>]*>/g, ' ');
  return oneLine(entities(bare), charsMax);
}

export function oneLine(text: string | null | undefined, charsMax: number): string | null {
  if (typeof text !== 'string') return null;
  const line = text
    .slice(0, lookedAtCharsMax)

    .replace(/\p{Surrogate}/gu, '\ufffd')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\s\u0000-\u001f\u007f-\u009f\u200b\u2028\u2029\ufeff]+/g, ' ')
    .trim();
  if (line === '') return null;
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 1).replace(/\p{Surrogate}/gu, '')}…`;
}

export function entities(text: string): string {
  return text.replace(ENTITY, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const point = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
      ? String.fromCodePoint(point)
      : whole;
  });
}
