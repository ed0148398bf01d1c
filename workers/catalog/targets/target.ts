/**
 * Where the library is uploaded to. Whatever it is, three things are asked of it, and a name there holds a whole file or
 * what it held before, never a part of one.
 */
import type { HttpClient } from '../../define.ts';

/** A file of the library, as the catalog knows it. */
export interface LocalFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface Sending {
  /** What an earlier attempt has kept of this upload, or null. */
  readonly resume: unknown;
  /** Raised when the attempt is to end: it is left to the next one, unless a person has canceled it. */
  readonly signal: AbortSignal;
  /** Keeps JSON for the next attempt. */
  save(state: unknown): void;
  /** Told as it goes on. @param bytes sent so far */
  sent(bytes: number): void;
}

export interface Target {
  /** What it is, without secrets: `s3://bucket`, `https://nas/music`, `file:///mnt/music`. */
  readonly name: string;
  /**
   * Whether it has this file under this name, by size and digest.
   * @param recorded the catalog knows of an upload of these bytes: where a digest is dear, the size is enough
   */
  holds(object: string, file: LocalFile, recorded: boolean): Promise<boolean>;
  /** Sends it, and looks afterwards at what has arrived. @throws with a code; nothing but the whole has taken the name */
  put(object: string, file: LocalFile, sending: Sending): Promise<void>;
}

/** Whether nobody will come back for what has been sent so far. */
export function isCalledOff({ signal }: Pick<Sending, 'signal'>): boolean {
  return signal.aborted && (signal.reason as { code?: unknown } | null)?.code === 'canceled';
}

/** What every target over HTTP needs. */
export interface Reach {
  readonly http: HttpClient;
  /** For what is still to be said when the attempt has been stopped; it may take a few seconds. */
  readonly farewell: HttpClient;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Each part between `/` as it may stand in the path of an address (RFC 3986). */
export function pathOf(object: string): string {
  return object.split('/').map(encoded).join('/');
}

export function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
