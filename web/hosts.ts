/**
 * Which names we answer to, and which pages may change something. A page of a stranger can make a browser speak to us
 * under a name the stranger owns (DNS rebinding), or send a form to us: the `Host` and `Origin` headers tell.
 */
import { hostname, networkInterfaces } from 'node:os';
import { covers, type HostName, parseHost, parseHostPattern } from '../supervisor/core/host-pattern.ts';
import { isLoopback, type WebSettings } from './settings.ts';

export function isOurHost(host: string | undefined, settings: Pick<WebSettings, 'host' | 'allowedHosts'>): boolean {
  const asked = host === undefined ? null : parseHost(host);
  if (!asked) return false;
  if (isLoopback(asked.name) || isAllowed(asked, settings)) return true;
  return !isLoopback(settings.host) && (asked.name === settings.host.toLowerCase() || isOwnName(asked.name));
}

function isAllowed(asked: HostName, { allowedHosts }: Pick<WebSettings, 'allowedHosts'>): boolean {
  return allowedHosts.some((entry) => {
    const pattern = parseHostPattern(entry);
    return pattern !== null && covers(pattern, asked);
  });
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
  return isAllowed(given, settings);
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
