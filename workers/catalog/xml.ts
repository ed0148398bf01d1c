/**
 * The document in an XML list: what stands between its root's tags. Its prolog is read and left away here, so that no parser
 * sees a document type: nothing declared there is of use to a list, and it is the way to make small files huge.
 */
import { listFault } from './list.ts';
import { oneLine } from './plain-text.ts';

/** Of the declarations in a document type; those of HTML's characters are about 10,000. */
const doctypeCharsMax = 64 * 1024;
/** Each is an object to the parser, or two. */
const tagsMax = 2_000_000;
const excerptCharsMax = 80;

export interface XmlBody {
  /** In small letters, without prefix. */
  readonly root: string;
  readonly xml: string;
}

/**
 * @param roots what it may be, in small letters
 * @param what it should be, in words: `a feed`
 * @throws `not_a_list`, `entity_bomb`, `list_truncated`, `list_too_large`
 */
export function xmlBody(text: string, roots: readonly string[], what: string): XmlBody {
  refuseTooMany(text);
  const start = afterProlog(text);
  const name = /^<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>])/.exec(text.slice(start, start + 200));
  const root = name?.[2]?.toLowerCase() ?? '';
  if (!name || !roots.includes(root)) throw listFault('not_a_list', otherwise(text, start, root, what));
  const tag = name[0].slice(1);
  const close = text.lastIndexOf(`</${tag}`);
  if (close > start) return { root, xml: text.slice(start, text.indexOf('>', close) + 1 || undefined) };
  const end = text.indexOf('>', start);
  if (end > start && text[end - 1] === '/') return { root, xml: text.slice(start, end + 1) };
  throw listFault('list_truncated', `the list ends in the middle: its <${tag}> is not closed`);
}

function refuseTooMany(text: string): void {
  let tags = 0;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at + 1)) tags++;
  if (tags > tagsMax) throw listFault('list_too_large', `the list has more than ${tagsMax} tags`);
}

/** @returns where the root element begins; the end of the text where there is none */
function afterProlog(text: string): number {
  let at = 0;
  for (;;) {
    while (at < text.length && /[\s\ufeff]/.test(text[at] as string)) at++;
    if (text.startsWith('<?', at)) at = after(text, '?>', at);
    else if (text.startsWith('<!--', at)) at = after(text, '-->', at);
    else if (/^<!doctype/i.test(text.slice(at, at + 9))) at = afterDoctype(text, at);
    else return at;
  }
}

function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found === -1 ? text.length : found + end.length;
}

/** @throws `entity_bomb` where entities are made of others, or there are very many of them */
function afterDoctype(text: string, from: number): number {
  const part = text.slice(from, from + doctypeCharsMax);
  const end = endOfDoctype(part);
  if (end === -1)
    throw listFault('entity_bomb', `its document type is longer than ${doctypeCharsMax} characters, or has no end`);
  for (const [, value = ''] of part.slice(0, end).matchAll(/<!ENTITY\s+(?:%\s+)?[^\s"']+\s+["']([^"']*)["']/gi)) {
    if (/[&%](?!#)[\w.:-]+;/.test(value))
      throw listFault('entity_bomb', 'its document type declares entities that are made of others');
  }
  return from + end;
}

/** By hand: what is in quotes and comments may hold any of the signs that end it. */
function endOfDoctype(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (text.startsWith('<!--', at)) at = after(text, '-->', at) - 1;
    else if (sign === '"' || sign === "'") at = after(text, sign, at + 1) - 1;
    else if (sign === '[') depth++;
    else if (sign === ']') depth--;
    else if (sign === '>' && depth <= 0) return at + 1;
  }
  return -1;
}

function otherwise(text: string, start: number, root: string, what: string): string {
  if (root === 'html') return `this is a web page, not ${what}${named(text)}`;
  if (root !== '') return `this is not ${what}: it begins with <${root}>`;
  const excerpt = oneLine(text.slice(start, start + 1_000), excerptCharsMax);
  return excerpt === null ? `this is empty, not ${what}` : `this is not ${what}: it begins with "${excerpt}"`;
}

/** Web pages often name their feed. */
function named(text: string): string {
  for (const [tag] of text.slice(0, 200_000).matchAll(/<link\s[^<>]{1,1000}>/gi)) {
    const href = /\shref\s*=\s*["']([^"'<>]{1,500})["']/i.exec(tag)?.[1];
    if (href !== undefined && /type\s*=\s*["']application\/(?:rss|atom|feed)\+(?:xml|json)/i.test(tag))
      return `; it names a feed: ${href}`;
  }
  return '';
}
