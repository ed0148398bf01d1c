/**
 * Checksums of all files in a folder, by three consumers: `node checksums.mjs FOLDER [QUEUE]`. Ended at any moment, by
 * Ctrl-C or kill -9, it goes on where it was when it is started again; a file that has not changed is not read twice.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openQueue } from 'nightshift/queue';

const [folder = '.', place = 'checksums.queue'] = process.argv.slice(2);
const queue = await openQueue({ folder: place });

for (const name of await readdir(folder)) {
  const path = resolve(folder, name);
  const file = await stat(path);
  if (!file.isFile()) continue;
  // Known for seven days after it is done: the same file is pushed once, however often this program runs.
  const idempotencyKey = `${path} ${file.size} ${file.mtimeMs}`;
  await queue.push({ type: 'checksum', params: { path, name }, timeout: '10m', idempotencyKey });
}

process.once('SIGINT', () => queue.close());

async function consume() {
  // Null: nothing came for a second, or the queue is being closed.
  for (let task = await queue.pop({ timeout: '1s' }); task; task = await queue.pop({ timeout: '1s' })) {
    const { path, name } = task.params;
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(path), hash, { signal: task.signal });
      const sha256 = hash.digest('hex');
      await queue.setPublic(`sha256/${name}`, sha256, { ttl: '7d' });
      await queue.done(task, { sha256 });
      console.log(`${sha256}  ${name}`);
    } catch (error) {
      // Timed out or cut, its attempt is over already, and there is nothing to say.
      if (!task.signal.aborted) await queue.fail(task, { error, retryable: error.code !== 'ENOENT' });
    }
  }
}

await Promise.all([consume(), consume(), consume()]);
console.log('waiting:', await queue.counts().then(({ queued, retrying }) => queued + retrying));
await queue.close();
