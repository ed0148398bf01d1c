/** Who listens on a port, as far as this user may know: Linux tells it in /proc, others do not. */
import { readdir, readFile, readlink } from 'node:fs/promises';

const listening = '0A';

/** @returns e.g. `nginx (pid 812)`, or null when it cannot be known */
export async function portHolder(port: number): Promise<string | null> {
  const sockets = new Set([...(await listeners('/proc/net/tcp', port)), ...(await listeners('/proc/net/tcp6', port))]);
  if (sockets.size === 0) return null;
  for (const pid of await entries('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of await entries(`/proc/${pid}/fd`)) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
      if (sockets.has(target)) return `${await programOf(pid)} (pid ${pid})`;
    }
  }
  return null;
}

/** Links such as `socket:[4711]` of sockets listening on the port; format in proc_net_tcp(5). */
async function listeners(file: string, port: number): Promise<string[]> {
  const rows = (await readFile(file, 'utf8').catch(() => '')).split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && Number.parseInt(local?.split(':')[1] ?? '', 16) === port)
    .map((fields) => `socket:[${fields[9]}]`);
}

async function programOf(pid: string): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a program')).trim();
}

async function entries(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
