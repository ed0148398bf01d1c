/** Reads the env file, or says why it cannot be one: nothing that waits for ever, and nothing that fills the memory. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { envFileBytesMax } from './env-file.ts';

export type ReadEnv =
  | { readonly bytes: Uint8Array }
  /** There is none. */
  | { readonly bytes: null }
  | { readonly problem: string };

export async function readEnv(path: string): Promise<ReadEnv> {
  let file: FileHandle | undefined;
  try {
    // Without waiting: a FIFO would wait for its writer.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (stats.isDirectory()) return { problem: 'is a folder, not a file' };
    if (!stats.isFile()) return { problem: 'is not a regular file' };
    if (stats.size > envFileBytesMax)
      return { problem: `is ${stats.size} bytes long; at most ${envFileBytesMax} are read` };
    return { bytes: await file.readFile() };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { bytes: null };
    return {
      problem: code === 'EACCES' ? 'may not be read by the user that runs Nightshift' : `cannot be read (${code})`,
    };
  } finally {
    await file?.close();
  }
}
