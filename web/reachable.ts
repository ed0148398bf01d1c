/** An address a person can open: that of a server that listens on all of them is none. */
import { hostname, networkInterfaces } from 'node:os';

const ALL: readonly string[] = ['0.0.0.0', '::'];

/** @returns by the machine's name and by its first address; nothing where the server's own address will do */
export function reachableAt(host: string, port: number, base = ''): readonly string[] {
  if (!ALL.includes(host)) return [];
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const first = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  return [hostname(), first].filter((name) => name !== undefined).map((name) => `http://${name}:${port}${base}/`);
}
