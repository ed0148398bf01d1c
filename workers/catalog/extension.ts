/** What the name of a file ends in: as its server or its address says, else by what it is. */
import { fromDisposition } from '../download/file-name.ts';

const BY_TYPE: Readonly<Record<string, string>> = {
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/mp4': 'm4a',
  'audio/x-m4a': 'm4a',
  'audio/m4a': 'm4a',
  'audio/aac': 'aac',
  'audio/ogg': 'ogg',
  'audio/opus': 'opus',
  'audio/flac': 'flac',
  'audio/x-flac': 'flac',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/webm': 'webm',
  'video/mp4': 'mp4',
  'video/x-m4v': 'm4v',
  'video/webm': 'webm',
  'video/quicktime': 'mov',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'application/pdf': 'pdf',
  'application/epub+zip': 'epub',
  'application/zip': 'zip',
};
/** Programs that answer, not files. */
const NOT_A_FILE = /^(?:php\d?|aspx?|jsp|cgi|x?html?|do|ashx)$/i;

/** @returns without its dot; null where nothing tells */
export function extensionOf(known: {
  readonly disposition?: string | undefined;
  /** Asked for, and that answered. */
  readonly urls: readonly string[];
  readonly types: readonly (string | null)[];
}): string | null {
  const named = known.disposition === undefined ? null : fromDisposition(known.disposition);
  const names = [named, ...known.urls.map((url) => (URL.canParse(url) ? new URL(url).pathname : null))];
  for (const name of names) {
    const extension = /\.([A-Za-z0-9]{1,10})$/.exec(name ?? '')?.[1];
    if (extension !== undefined && !NOT_A_FILE.test(extension)) return extension;
  }
  for (const type of known.types) {
    const extension = BY_TYPE[(type ?? '').split(';')[0]?.trim().toLowerCase() ?? ''];
    if (extension !== undefined) return extension;
  }
  return null;
}
