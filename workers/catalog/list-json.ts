/** Lists in JSON. */
import { listFault } from './list.ts';

/** Each value is an object to the parser. */
const valuesMax = 4_000_000;

/**
 * @param what it should be, in words: `a feed`
 * @throws `not_a_list`, `list_truncated`, `list_too_large`
 */
export function listJson(text: string, what: string): unknown {
  let values = 0;
  for (const sign of [',', '[', '{']) {
    for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1)) values++;
  }
  if (values > valuesMax) throw listFault('list_too_large', `the list has more than ${valuesMax} values`);
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    if (isCut(text.trim(), String(error))) throw listFault('list_truncated', 'the list ends in the middle');
    throw listFault('not_a_list', `this is not ${what}: its JSON is wrong`);
  }
}

/** What the parser says is different from one version of Node to the next. */
function isCut(text: string, said: string): boolean {
  const end = text.startsWith('{') ? '}' : ']';
  return !text.endsWith(end) || /end of JSON|Unterminated/i.test(said);
}
