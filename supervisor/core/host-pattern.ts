/**
 * Names under which the console may be asked for, as `WEB_ALLOWED_HOSTS` lists them: one grammar for the settings, which
 * check an entry, and for the web layer, which compares it with what browsers send.
 */

export interface HostName {
  /** Lower case, without brackets or a dot at its end. */
  readonly name: string;
  /** Empty for none. */
  readonly port: string;
}

export interface HostPattern extends HostName {
  /** `*.name`: all names below it, itself not among them. */
  readonly below: boolean;
}

/** @returns null for what is no host and port */
export function parseHost(text: string): HostName | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/@[\]?#\\*]+))(?::(\d{1,5}))?$/.exec(text);
  const name = match?.[1] === undefined ? match?.[2]?.toLowerCase().replace(/\.$/, '') : plainAddress(match[1]);
  return name ? { name, port: match?.[3] ?? '' } : null;
}

/** `name`, `name:port`, `*.name`, an IPv6 address with brackets or without. @returns null for anything else */
export function parseHostPattern(text: string): HostPattern | null {
  const below = text.startsWith('*.');
  const rest = below ? text.slice(2) : text;
  const bareAddress = /^[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*$/.test(rest);
  const host = parseHost(bareAddress ? `[${rest}]` : rest);
  return host && { ...host, below };
}

/** An entry without a port covers every port. Browsers leave out the port of their scheme. */
export function covers(pattern: HostPattern, asked: HostName): boolean {
  const named = pattern.below ? asked.name.endsWith(`.${pattern.name}`) : asked.name === pattern.name;
  return named && (pattern.port === '' || asked.port === pattern.port || (asked.port === '' && isUsual(pattern.port)));
}

function isUsual(port: string): boolean {
  return port === '80' || port === '443';
}

/** An IPv6 address may be written in several ways; browsers send the shortest. */
function plainAddress(text: string): string | null {
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return null;
  }
}
