/**
 * Which names we answer to, and which pages may change something. A page of a stranger can make a browser speak to us
 * under a name the stranger owns (DNS rebinding), or send a form to us: the `Host` and `Origin` headers tell.
 */
import { hostname, networkInterfaces } from 'node:os';
import { isLoopback, type WebSettings } from './settings.ts';

interface HostName {
  /** Lower case, without brackets or a dot at its end. */
  readonly name: string;
  readonly port: string;
}

/** @returns null for what is no host and port */
export function parseHost(text: string): HostName | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]?#\\]+))(?::(\d{1,5}))?$/.exec(text);
  const name = match?.[1] ?? match?.[2];
  return name ? { name: name.toLowerCase().replace(/\.$/, ''), port: match?.[3] ?? '' } : null;
}

export function isOurHost(host: string | undefined, settings: Pick<WebSettings, 'host' | 'allowedHosts'>): boolean {
  const asked = host === undefined ? null : parseHost(host);
  if (!asked) return false;
  if (isLoopback(asked.name) || settings.allowedHosts.some((allowed) => covers(allowed, asked))) return true;
  return !isLoopback(settings.host) && (asked.name === settings.host.toLowerCase() || isOwnName(asked.name));
}

/** An entry without a port covers every port. */
function covers(entry: string, asked: HostName): boolean {
  const allowed = parseHost(entry);
  return allowed !== null && allowed.name === asked.name && (allowed.port === '' || allowed.port === asked.port);
}

function isOwnName(name: string): boolean {
  const own = hostname().toLowerCase();
  if (name === own || name === `${own}.local`) return true;
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === name));
}

/** Same origin as the host asked for, or a host that settings name: behind a proxy that rewrites `Host` only the latter fits. */
export function isOurOrigin(
  origin: string,
  host: string | undefined,
  settings: Pick<WebSettings, 'allowedHosts'>,
): boolean {
  const given = /^https?:\/\//.test(origin) ? parseHost(origin.replace(/^https?:\/\//, '')) : null;
  if (!given) return false;
  const defaultPort = origin.startsWith('https:') ? '443' : '80';
  const asked = host === undefined ? null : parseHost(host);
  if (asked && asked.name === given.name && (asked.port || defaultPort) === (given.port || defaultPort)) return true;
  return settings.allowedHosts.some((entry) => covers(entry, given));
}

/** `none` is a person at the address bar. Without the header it is a script or an old browser. */
export function isOurSite(secFetchSite: string | undefined): boolean {
  return (
    secFetchSite === undefined ||
    secFetchSite === 'same-origin' ||
    secFetchSite === 'same-site' ||
    secFetchSite === 'none'
  );
}
