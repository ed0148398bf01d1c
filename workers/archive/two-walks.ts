/**
 * Everything is gone through twice: to see what there is and whether all of it may be read, and then to take it. Nothing
 * is remembered in between, so that memory stays small, and what cannot work fails before hours of copying.
 */
import { access, constants } from 'node:fs/promises';
import { type HandlerContext, Permanent } from '../define.ts';
import { entriesOf, type Taking } from './path-entries.ts';
import type { TarEntry } from './tar-write.ts';
import { type Walking, walk } from './walk.ts';

/**
 * @returns bytes of all files
 * @throws Permanent `unreadable` or `nothing_to_back_up`
 */
export async function measure(walking: Walking, ctx: HandlerContext): Promise<number> {
  let bytes = 0;
  let count = 0;
  for (const root of walking.roots) {
    const before = count;
    for await (const { kind, path, stats } of walk(root, { ...walking, leave: () => {} })) {
      if (kind === 'folder') continue;
      count++;
      ctx.progress(0, null, path);
      if (kind === 'link') continue;
      bytes += stats.size;
      await access(path, constants.R_OK).catch((error) => walking.unreadable.isGone(path, error));
    }
    if (count === before) ctx.log.warn(`${root} holds nothing to back up`);
  }
  walking.unreadable.throwAny();
  if (count === 0) throw nothing(walking);
  return bytes;
}

/**
 * @param total bytes, as measured
 * @throws Permanent `unreadable` or `nothing_to_back_up`
 */
export async function* take(
  walking: Walking,
  copyDatabase: Taking['copyDatabase'],
  total: number,
  ctx: HandlerContext,
): AsyncGenerator<TarEntry> {
  let done = 0;
  let count = 0;
  for (const root of walking.roots) {
    for await (const found of walk(root, walking)) {
      walking.unreadable.throwAny();
      for await (const entry of entriesOf(found, { ...walking, copyDatabase })) {
        const before = done;
        const tell = (bytes: number) => ctx.progress(Math.min(before + bytes, total), total, found.path);
        tell(0);
        yield { ...entry, body: telling(entry.body, tell) };
        done += entry.size;
        if (found.kind !== 'folder') count++;
      }
    }
  }
  walking.unreadable.throwAny();
  if (count === 0) throw nothing(walking);
  ctx.progress(total, total, 'read back');
}

async function* telling(body: TarEntry['body'], tell: (bytes: number) => void): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    yield chunk;
    bytes += chunk.length;
    tell(bytes);
  }
}

/** So that an archive of what is not there, as of a disk that is not mounted, never takes the place of a good one. */
function nothing({ roots, include }: Walking): Permanent {
  const why = include ? 'nothing there matches "include"' : 'there is no file';
  const message = `nothing to back up in ${roots.join(', ')}: ${why}; no archive was made and none removed`;
  return new Permanent(message, { code: 'nothing_to_back_up' });
}
