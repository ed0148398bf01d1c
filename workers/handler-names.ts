/** Which names in the handlers folder may be handlers: all but what people leave beside them. */
import { readdir } from 'node:fs/promises';

const LEFT_ALONE = /^\.|\.(?:md|txt|json|bak|map|d\.[mc]?ts|yaml|yml|tmp|part|orig)$|~$/;

/**
 * @param folder absolute; one that does not exist holds no handlers
 * @returns in order
 */
export async function handlerNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !LEFT_ALONE.test(name)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
