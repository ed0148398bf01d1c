/** Text of at most so many characters, never ending in half of one. */
export function cut(text: string, charsMax: number, ending = '…'): string {
  return text.length <= charsMax ? text : head(text, charsMax - ending.length) + ending;
}

export function head(text: string, charsMax: number): string {
  const last = text.charCodeAt(charsMax - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? charsMax - 1 : charsMax);
}
