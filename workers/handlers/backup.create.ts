/** `backup.create`: a consistent copy of the data folder as one compressed archive, while work goes on. */
import { z } from 'zod';
import { type DataCopy, openData, tarFiles } from '../archive/data-files.ts';
import { RETENTION, removeOld } from '../archive/retention.ts';
import type { TarEntry } from '../archive/tar-write.ts';
import { tellOf, writeArchive } from '../archive/write-archive.ts';
import { defineHandler, type HandlerContext } from '../define.ts';
import { placeFor } from '../download/folder.ts';
import { setup } from '../setup.ts';

const prefix = 'nightshift';

const params = z.strictObject(RETENTION);

interface Result {
  readonly path: string;
  readonly bytes: number;
  readonly files: number;
  /** Names of archives that were removed for it. */
  readonly removed: readonly string[];
}

export const handler = defineHandler<z.infer<typeof params>, Result>({
  type: 'backup.create',
  timeout: '6h',
  concurrency: 1,
  settings: ['BACKUP_DIR'],
  params,
  async run(rule, ctx) {
    const { folder } = await placeFor(setup.dataDir, ctx.settings['BACKUP_DIR'] || 'backups', '');
    const at = new Date();
    const copy = await openData(setup.dataDir, at);
    try {
      const archive = await writeArchive(watched(copy, ctx), { folder, prefix, at, signal: ctx.signal });
      const { path, bytes, files } = archive;
      const removed = await removeOld(path, folder, prefix, at.getTime(), rule);
      tellOf(archive, removed, ctx);
      return { path, bytes, files, removed };
    } finally {
      await copy.close();
    }
  },
});

async function* watched(copy: DataCopy, ctx: HandlerContext): AsyncGenerator<TarEntry> {
  let done = 0;
  for await (const file of tarFiles(setup.dataDir, copy, (name) => ctx.log.warn(`${name} is gone and was left out`))) {
    ctx.progress(done, copy.bytes, file.name);
    yield file;
    done += file.size;
  }
  ctx.progress(copy.bytes, copy.bytes, 'read back');
}
