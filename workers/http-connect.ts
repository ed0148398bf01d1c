/**
 * Connections for HTTP, with and without the rule on private addresses. The rule is kept where a name has become the
 * address that is connected to, so that a name which answers differently the second time gains nothing by it. Through
 * a proxy (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`) the proxy finds the address; there only literal addresses are judged.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { Permanent } from './define.ts';
import { AllowedPlaces, isPrivateAddress } from './private-address.ts';

export const connectTimeoutMs = 10_000;
export const headersTimeoutMs = 60_000;
/** Longest silence in a body. */
export const bodyTimeoutMs = 60_000;
export const connectionsPerHostMax = 8;
const responseHeaderBytesMax = 64 * 1024;
/** Dispatchers kept for different values of the setting; it hardly ever changes. */
const guardsMax = 4;

/** For addresses a person wrote. */
let open: Dispatcher | null = null;
/** For addresses that came out of what was fetched, by the value of ALLOW_PRIVATE_ADDRESSES. */
const guarded = new Map<string, Dispatcher>();

/**
 * @param writtenHost host of the address a person wrote; it, and what the setting names, may be private
 * @throws Permanent when the address itself is a private one that nobody allowed
 */
export function dispatcherFor(target: URL, writtenHost: string, allowPrivate: string): Dispatcher {
  const host = bareHost(target.hostname);
  const allowed = new AllowedPlaces(allowPrivate);
  if (target.hostname === writtenHost || allowed.host(host)) {
    open ??= newDispatcher();
    return open;
  }
  if (isIP(host) !== 0 && refuses(host, allowed)) throw privateAddress(host);
  return guardedFor(allowPrivate, allowed);
}

function guardedFor(setting: string, allowed: AllowedPlaces): Dispatcher {
  const known = guarded.get(setting);
  if (known) return known;
  if (guarded.size >= guardsMax) guarded.clear();
  const fresh = newDispatcher(guardedLookup(allowed));
  guarded.set(setting, fresh);
  return fresh;
}

function newDispatcher(lookup?: LookupFunction): Dispatcher {
  return new EnvHttpProxyAgent({
    connect: { timeout: connectTimeoutMs, ...(lookup && { lookup }) },
    headersTimeout: headersTimeoutMs,
    bodyTimeout: bodyTimeoutMs,
    connections: connectionsPerHostMax,
    maxHeaderSize: responseHeaderBytesMax,
  });
}

function guardedLookup(allowed: AllowedPlaces): LookupFunction {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, [], 0);
      const good = addresses.filter((found) => !refuses(found.address, allowed));
      const [first] = good;
      if (!first) return callback(privateAddress(name, addresses[0]?.address), [], 0);
      if (options.all) callback(null, good);
      else callback(null, first.address, first.family);
    });
  };
}

function refuses(address: string, allowed: AllowedPlaces): boolean {
  return isPrivateAddress(address) && !allowed.address(address);
}

function privateAddress(host: string, address = host): Permanent {
  const where = host === address ? host : `${host} (${address})`;
  return new Permanent(
    `this leads to the private address ${where}, on another host than the one that somebody wrote; ` +
      'if that is meant to be, name it in the setting ALLOW_PRIVATE_ADDRESSES',
    { code: 'private_address' },
  );
}

function bareHost(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}
