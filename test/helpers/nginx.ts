/** A real nginx for tests, over a folder. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { find } from './needs.ts';
import { freePort, listening } from './ports.ts';

interface Test {
  teardown(call: () => unknown): void;
}

/**
 * @param root folder it serves
 * @param more lines of its `server`
 * @returns its port, on 127.0.0.1
 */
export async function startNginx(t: Test, root: string, more = ''): Promise<number> {
  const own = await mkdtemp(join(tmpdir(), 'nightshift-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${own};`);
  await writeFile(
    join(own, 'nginx.conf'),
    `daemon off; master_process off; pid ${own}/pid; error_log stderr crit; events {}
     http { access_log off; ${temporary.join(' ')} types { application/xml xml; audio/mpeg mp3; }
     server { listen 127.0.0.1:${port}; root ${root}; ${more} } }`,
  );
  const nginx = spawn(find('nginx') ?? 'nginx', ['-p', own, '-c', join(own, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(nginx, 'exit');
  t.teardown(async () => {
    nginx.kill('SIGTERM');
    await exited;
    await rm(own, { recursive: true, force: true });
  });
  await Promise.race([listening(port), exited.then(() => Promise.reject(new Error('nginx has ended')))]);
  return port;
}
