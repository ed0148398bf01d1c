/**
 * Which addresses are private: not reachable from the whole internet, hence where routers, NAS and the supervisor's own
 * page live. Ranges are those of the IANA special-purpose registries (RFC 6890 and its updates).
 */
import { BlockList, isIP } from 'node:net';

const PRIVATE_4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const PRIVATE_6 = [
  '::/128',
  '::1/128',
  '64:ff9b:1::/48',
  '100::/64',
  '2001:db8::/32',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

const privateRanges = networksOf([...PRIVATE_4, ...PRIVATE_6]);

/** @param address without brackets or zone */
export function isPrivateAddress(address: string): boolean {
  return isIn(privateRanges, address);
}

/** IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4) are judged by the address they carry. */
function isIn(ranges: BlockList, address: string): boolean {
  const version = isIP(address);
  if (version === 4) return ranges.check(address, 'ipv4');
  if (version !== 6) return false;
  const carried = carriedIpv4(address);
  return ranges.check(address, 'ipv6') || (carried !== null && ranges.check(carried, 'ipv4'));
}

function carriedIpv4(address: string): string | null {
  const groups = groupsOf(address);
  const [first = 0, second = 0, third = 0] = groups;
  const [high = 0, low = 0] = groups.slice(6);
  const startsEmpty = groups.slice(0, 5).every((group) => group === 0);
  const mapped = startsEmpty && (groups[5] === 0xffff || (groups[5] === 0 && high !== 0));
  const nat64 = first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
  if (mapped || nat64) return dotted(high, low);
  return first === 0x2002 ? dotted(second, third) : null;
}

function groupsOf(address: string): number[] {
  // The URL parser writes every spelling of an address in one way, dotted tails included.
  const text = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}

function dotted(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function networksOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** The setting ALLOW_PRIVATE_ADDRESSES: host names (`nas.local`, `*.lan`), addresses and networks, separated by commas. */
export class AllowedPlaces {
  readonly #hosts = new Set<string>();
  readonly #suffixes: string[] = [];
  readonly #networks: BlockList;

  constructor(setting: string) {
    const networks: string[] = [];
    for (const part of setting.split(',')) {
      const name = part.trim().toLowerCase();
      if (isIP(name.split('/')[0] ?? '') !== 0) networks.push(name);
      else if (name.startsWith('*.')) this.#suffixes.push(name.slice(1));
      else if (name !== '') this.#hosts.add(name);
    }
    this.#networks = networksOf(networks);
  }

  host(name: string): boolean {
    return this.#hosts.has(name) || this.#suffixes.some((suffix) => name.endsWith(suffix));
  }

  address(address: string): boolean {
    return isIn(this.#networks, address);
  }
}
