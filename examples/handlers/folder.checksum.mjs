/**
 * Writes SHA256SUMS for a folder, as `sha256sum --check` reads it. It shows how a long task survives being cut off: what
 * is done is saved with `checkpoint`, and the next attempt finds it in `resume` and goes on from there.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { defineHandler, Permanent } from 'nightshift/handler';

const list = 'SHA256SUMS';
/** What is saved must stay small (64 KiB), so only a folder of this size is taken. */
const filesMax = 400;

export default defineHandler({
  type: 'folder.checksum',
  lane: 'io',
  timeout: '6h',
  async run({ folder }, ctx) {
    if (typeof folder !== 'string') throw new Permanent('"folder" must be a path');
    const names = await filesIn(folder);
    const sums = new Map(ctx.resume ?? []);
    if (sums.size > 0) ctx.log.info(`going on after ${sums.size} of ${names.length} files`);
    for (const name of names) {
      if (!sums.has(name)) sums.set(name, await sha256(join(folder, name), ctx.signal));
      ctx.checkpoint([...sums]);
      ctx.progress(sums.size, names.length, name);
    }
    const text = names.map((name) => `${sums.get(name)}  ${name}\n`).join('');
    await writeFile(join(folder, `${list}.part`), text);
    await rename(join(folder, `${list}.part`), join(folder, list));
    ctx.count({ succeeded: names.length });
    return { files: names.length };
  },
});

async function filesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && entry.name !== list && !entry.name.endsWith('.part'))
    .map(({ name }) => name);
  if (names.length > filesMax)
    throw new Permanent(`${folder} has ${names.length} files; at most ${filesMax} are taken`);
  return names.sort();
}

async function sha256(path, signal) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
