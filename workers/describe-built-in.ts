/** Part of the build: loads every built-in handler and writes down what it is. One that is wrong fails the build. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type BuiltIn, builtInFolder, builtInList } from './built-in.ts';
import { describeFile } from './describe-files.ts';
import { versionOf } from './load.ts';

async function describe(name: string): Promise<BuiltIn> {
  const url = new URL(name, builtInFolder);
  const { shape, message } = await describeFile(url.href);
  if (!shape) throw new Error(`${url.pathname} ${message}`);
  return { name, ...shape, version: versionOf(await readFile(url)), builtIn: true };
}

const names = (await readdir(builtInFolder)).filter((name) => name.endsWith('.js')).sort();
await writeFile(builtInList, `${JSON.stringify(await Promise.all(names.map(describe)), null, 2)}\n`);
