/** Why a handler's file could not be loaded, in words for its author: where it is, and what helps. */
import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param url of the file that was loaded */
export async function sayLoadFault(error: unknown, url: string): Promise<string> {
  if (!(error instanceof Error)) return `threw ${String(error)} while loading`;
  if (error instanceof SyntaxError) {
    const line = await lineOf(url);
    return line === null ? `${error.name}: ${error.message}` : `${error.name} in line ${line}: ${error.message}`;
  }
  return sayMissing(error, url) ?? `threw ${inLine(error, url)}while loading: ${error.name}: ${error.message}`;
}

const MISSING = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

/** In the words of Node, which name what is missing and who wants it; a package can be installed. */
function sayMissing({ code, message }: NodeJS.ErrnoException, url: string): string | null {
  if (code === undefined || !MISSING.includes(code)) return null;
  const [first = ''] = message.split('\n');
  const name = /^Cannot find (?:package|module) '((?:@[^/']+\/)?[^./'][^/']*)/.exec(first)?.[1];
  return name === undefined
    ? first
    : `${first}; install it: npm install --prefix ${dirname(fileURLToPath(url))} ${name}`;
}

/** Modules are named by address in a stack, what `require` loads by path. */
function inLine({ stack = '' }: Error, url: string): string {
  for (const place of [url, fileURLToPath(url)]) {
    const from = stack.indexOf(`${place}:`);
    const line = from === -1 ? null : /^\d+/.exec(stack.slice(from + place.length + 1));
    if (line) return `in line ${line[0]} `;
  }
  return '';
}

const checkMsMax = 5_000;

/** Where a syntax error is, `import` does not tell; Node does, when asked to check the file. */
function lineOf(url: string): Promise<string | null> {
  const path = fileURLToPath(url);
  return new Promise((resolve) => {
    execFile(process.execPath, ['--check', path], { timeout: checkMsMax }, (_error, _stdout, stderr) => {
      resolve(/^(?:file:\/\/)?\/.*:(\d+)$/m.exec(stderr)?.[1] ?? null);
    });
  });
}
