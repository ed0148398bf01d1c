/** A page where a file should be: what a server, or what stands before it, answers with 200 when it has no file to give. */
import { Permanent } from '../define.ts';
import type { Track } from '../library-contract.ts';

const PAGE = /^(?:text\/html|application\/xhtml\+xml)\b/i;
/** Beside pages what only programs read; a file of text or of anything else may well be meant. */
const NO_MEDIA = /^(?:application|text)\/(?:[\w.-]+\+)?(?:json|xml)\b/i;
const MEDIA_TYPE = /^(?:audio|video|image)\//i;
const MEDIA_NAME =
  /\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|wma|aiff?|mp4|m4v|mkv|webm|mov|avi|jpe?g|png|gif|webp)$/i;
const PAGE_NAME = /\.(?:x?html?|php|aspx?)$/i;
const PAGE_BEGINS = /^(?:\ufeff)?\s*<(?:!doctype\s+html|html|head|body)\b/i;

/** @returns what refuses it @param type of the answer @param beginning of the bytes, empty where they do not begin it */
export function typeCheck({ mime, url }: Pick<Track, 'mime' | 'url'>): (type: string, beginning: Buffer) => void {
  const path = url !== null && URL.canParse(url) ? new URL(url).pathname : '';
  const wantsMedia = MEDIA_TYPE.test(mime ?? '') || MEDIA_NAME.test(path);
  const mayBePage = !wantsMedia && (PAGE.test(mime ?? '') || PAGE_NAME.test(path));
  return (type, beginning) => {
    if (mayBePage) return;
    const isPage = PAGE.test(type) || PAGE_BEGINS.test(beginning.subarray(0, 200).toString('utf8'));
    if (!isPage && !(wantsMedia && NO_MEDIA.test(type))) return;
    const came = isPage ? 'a page (HTML)' : type.slice(0, 100);
    throw new Permanent(`the server sends ${came} where a file should be`, { code: 'wrong_type' });
  };
}
