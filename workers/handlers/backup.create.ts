/** `backup.create`: a consistent copy of the data folder as one compressed archive, while work goes on. */
import { z } from 'zod';
import { type DataCopy, openData, tarFiles } from '../archive/data-files.ts';
import { removeOld } from '../archive/retention.ts';
import type { TarEntry } from '../archive/tar-write.ts';
import { writeArchive } from '../archive/write-archive.ts';
import { defineHandler, type HandlerContext } from '../define.ts';
import { placeFor } from '../download/folder.ts';
import { durationMs } from '../duration.ts';
import { setup } from '../setup.ts';

const prefix = 'nightshift';

const params = z.strictObject({
  /** How many are kept. */
  keep: z.number().int().min(1).max(10_000).default(7),
  /** Older ones are removed, such as `90d`. */
  maxAge: z
    .string()
    .refine((text) => durationMs(text) !== null, 'must be a duration such as "90d"')
    .optional(),
});

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
  async run({ keep, maxAge }, ctx) {
    const { folder } = await placeFor(setup.dataDir, ctx.settings['BACKUP_DIR'] || 'backups', '');
    const at = new Date();
    const copy = await openData(setup.dataDir, at);
    try {
      const { path, bytes, files } = await writeArchive(watched(copy, ctx), { folder, prefix, at, signal: ctx.signal });
      const maxAgeMs = maxAge === undefined ? null : durationMs(maxAge);
      const removed = await removeOld(path, folder, prefix, at.getTime(), { keep, maxAgeMs });
      ctx.log.info(`${path}: ${files} files, ${bytes} bytes, read back and found whole`);
      for (const name of removed) ctx.log.info(`removed ${name}`);
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
