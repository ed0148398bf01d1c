/**
 * Makes the console's few files from its sources: `public/app-HASH.js`, `public/app-HASH.css` and `manifest.json`,
 * which says what they are called, beside this file. Run by `npm run build` after tsc.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

/** Browsers that know `light-dark()`. */
const BROWSERS = ['es2023', 'chrome123', 'firefox121', 'safari17.5'];

export interface Bundled {
  /** Name as pages ask for it, e.g. `app.js`, and the file's own with its hash. */
  readonly files: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** The sources are not copied to the build: they are in the nearest folder above that has a package. */
function sourceFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder))
      throw new Error('the console can be bundled in a checkout only: no package.json above this file');
    folder = dirname(folder);
  }
  return join(folder, 'web', 'client');
}

export async function bundle(folder = join(dirname(fileURLToPath(import.meta.url)), 'public')): Promise<Bundled> {
  const source = sourceFolder();
  const { metafile } = await build({
    entryPoints: [
      { in: join(source, 'main.tsx'), out: 'app' },
      { in: join(source, 'styles', 'main.css'), out: 'app' },
    ],
    outdir: folder,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: BROWSERS,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    logLevel: 'warning',
  });
  const files = namesOf(metafile);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'manifest.json'), `${JSON.stringify(files, null, 2)}\n`);
  await removeOld(folder, new Set([...Object.values(files), 'manifest.json']));
  return { files, folder };
}

function namesOf({ outputs }: Metafile): Record<string, string> {
  return Object.fromEntries(
    Object.keys(outputs).map((path) => [basename(path).replace(/-[^-.]+(?=\.\w+$)/, ''), basename(path)]),
  );
}

/** Earlier bundles; a page that is open has long loaded its own. */
async function removeOld(folder: string, current: ReadonlySet<string>): Promise<void> {
  const names = await readdir(folder);
  await Promise.all(
    names.filter((name) => /^app-.+\.(js|css)$/.test(name) && !current.has(name)).map((name) => rm(join(folder, name))),
  );
}

async function report({ files, folder }: Bundled): Promise<string> {
  const sizes = await Promise.all(
    Object.values(files).map(async (name) => {
      const bytes = await readFile(join(folder, name));
      return `${name} ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped`;
    }),
  );
  return sizes.join('\n');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await report(await bundle()));
}
