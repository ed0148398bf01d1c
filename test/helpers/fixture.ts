/** Fixtures are not compiled: they lie beside the sources, in `test/fixtures`. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));

/** @param path below `test/fixtures` */
export function fixture(path: string): string {
  return join(root, 'test', 'fixtures', path);
}
