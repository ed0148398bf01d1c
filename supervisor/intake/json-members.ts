/**
 * Whether a member stands twice in JSON text, without reading it a second time: the text then has more names of members
 * than what was parsed has members.
 */

/** @param text that `JSON.parse` has taken */
export function namesIn(text: string): number {
  let names = 0;
  for (let open = text.indexOf('"'); open >= 0; ) {
    const end = endOfText(text, open) + 1;
    if (isBeforeColon(text, end)) names++;
    open = text.indexOf('"', end);
  }
  return names;
}

/** Of all objects in it, however deep. */
export function membersOf(value: unknown): number {
  let members = 0;
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inside: unknown[] = Array.isArray(next) ? next : Object.values(next);
    if (inside !== next) members += inside.length;
    for (const one of inside) if (typeof one === 'object' && one !== null) open.push(one);
  }
  return members;
}

/** @returns where the text in quotes that begins at `open` has its closing quote */
function endOfText(text: string, open: number): number {
  for (let end = text.indexOf('"', open + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
}

function isBeforeColon(text: string, from: number): boolean {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++;
  return text[at] === ':';
}
