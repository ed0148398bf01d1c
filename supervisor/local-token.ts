/** `DATA/token`: whoever can read this file is the owner. Made whole or not at all, and anew when it holds no token. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from './settings/durable-file.ts';

const tokenBytes = 24;
/** A shorter one was cut off: an empty one would let in whoever shows nothing. */
const TOKEN = /^[A-Za-z0-9_-]{32,512}$/;

export async function localToken(dataDir: string): Promise<string> {
  const path = join(dataDir, 'token');
  const known = tokenIn(path);
  if (known !== null) return known;
  const token = randomBytes(tokenBytes).toString('base64url');
  await replaceFile(path, `${token}\n`);
  return token;
}

function tokenIn(path: string): string | null {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return TOKEN.test(text) ? text : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
