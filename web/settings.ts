/** What the HTTP layer takes from the settings, and the one rule about them that stops a start. */
import { isIP } from 'node:net';

/** Read anew at every request, so that a reload may change any of it. */
export interface WebSettings {
  /** Address it listens on. */
  readonly host: string;
  /** Sub-path behind a reverse proxy: empty, or `/night` without a slash at its end. */
  readonly base: string;
  readonly token: string | null;
  /** Of the data folder's 0600 file: whoever can read it is the owner. */
  readonly localToken: string | null;
  readonly readToken: string | null;
  /** Beside our own, as `parseHostPattern` reads them. */
  readonly allowedHosts: readonly string[];
  /** Callers on this machine may work with tasks, queue and workers without a token. */
  readonly loopbackOpen: boolean;
  /** IANA name of the zone that times are shown in. */
  readonly timezone: string;
}

/** @param address an IP address as sockets and settings have it, or a name */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  if (plain === 'localhost' || plain === '::1' || plain === '[::1]') return true;
  return isIP(plain) === 4 && plain.startsWith('127.');
}

/** @returns why it must not listen with these, or null. Beyond this machine nothing is served without a token. */
export function settingsMistake(settings: Pick<WebSettings, 'host' | 'token'>): string | null {
  if (isLoopback(settings.host) || settings.token) return null;
  return `WEB_HOST is ${settings.host}, which others can reach, and there is no WEB_TOKEN: set one, or listen on 127.0.0.1`;
}
