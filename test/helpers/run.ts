/**
 * `npm test`: runs the compiled tests with tap, a line for each file as it ends, everything about those that fail, then
 * what was skipped and which package would bring it, and one closing line. Under `NIGHTSHIFT_TEST_ALL=1` a skip fails.
 * Files or folders may be named: `npm test -- test/core test/web/app.test.ts`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PACKAGES } from './needs.ts';
import { type FileResult, TapResults, type TestResult } from './tap-results.ts';

const build = fileURLToPath(new URL('../../', import.meta.url));
const root = dirname(resolve(build));

/** Compiled tests whose source is still there: a build folder keeps what was renamed or deleted. */
function testFiles(asked: readonly string[]): readonly string[] {
  const sources = readdirSync(join(build, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `test/${name.replace(/\.js$/, '.ts')}`)
    .filter((name) => existsSync(join(root, name)) || existsSync(join(root, `${name}x`)));
  const wanted = asked.map((name) => relative(root, resolve(name)));
  return sources.filter(
    (name) => wanted.length === 0 || wanted.some((one) => name === one || name.startsWith(`${one}/`)),
  );
}

const tapManifest = fileURLToPath(import.meta.resolve('tap/package.json'));
const tapProgram = join(dirname(tapManifest), JSON.parse(readFileSync(tapManifest, 'utf8')).bin.tap);

/**
 * tap is made again for the plugins of `.taprc` after an installation. It would do so by itself, but only after it has
 * decided to load TypeScript into every process of that first run, which makes it half as slow again.
 */
async function prepareTap(): Promise<void> {
  const made = createRequire(tapManifest)
    .resolve('@tapjs/test/package.json')
    .replace(/package\.json$/, 'test-built/dist/esm/index.js');
  const signature = /^export const signature = `([^`]*)`/m.exec(
    existsSync(made) ? readFileSync(made, 'utf8') : '',
  )?.[1];
  if (signature === undefined || !signature.includes('@tapjs/typescript')) return;
  console.log('Preparing tap, once after an installation …');
  const [code] = await once(
    spawn(process.execPath, [tapProgram, 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] }),
    'close',
  );
  if (code !== 0) throw new Error(`tap build ended with ${code}`);
}

/** @returns what tap ended with */
async function runTap(files: readonly string[], done: (file: FileResult) => void): Promise<number> {
  const compiled = files.map((name) => relative(root, join(build, name.replace(/\.ts$/, '.js'))));
  const tap = spawn(process.execPath, [tapProgram, '--reporter=tap', ...compiled], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve, reject) => {
    tap.once('error', reject);
    tap.once('close', (code) => resolve(code ?? 1));
  });
  const results = new TapResults(done);
  for await (const line of createInterface({ input: tap.stdout })) results.line(line);
  results.end();
  return ended;
}

function report(file: FileResult): void {
  const failed = file.tests.filter((test) => test.outcome === 'failed');
  const skipped = file.tests.filter((test) => test.outcome === 'skipped').length;
  const passed = file.tests.length - failed.length - skipped;
  const name = relative(root, resolve(root, file.name)).replace(/^[^/]+\/test\//, 'test/');
  console.log(
    `${failed.length === 0 ? '  ok ' : 'FAIL '} ${name}  ${passed} passed${failed.length ? `, ${failed.length} failed` : ''}${skipped ? `, ${skipped} skipped` : ''}`,
  );
  if (failed.length === 0) return;
  for (const test of failed) console.log(`       ${test.path.slice(1).join(' > ') || 'the file as a whole'}`);
  console.log(file.lines.map((line) => `  | ${line}`).join('\n'));
}

function explainSkips(skipped: readonly TestResult[]): void {
  if (skipped.length === 0) return;
  console.log('\nSkipped:');
  for (const { path, reason } of skipped) console.log(`  ${path.slice(1).join(' > ')}: ${reason || 'no reason given'}`);
  const packages = Object.values(PACKAGES).filter((name) =>
    skipped.some(({ reason }) => reason.includes(`(package ${name})`)),
  );
  if (packages.length > 0)
    console.log(`To run them too, on Debian: apt-get install ${[...new Set(packages)].join(' ')}`);
}

async function main(): Promise<number> {
  const skipsFail = process.env['NIGHTSHIFT_TEST_ALL'] === '1';
  const files = testFiles(process.argv.slice(2));
  if (files.length === 0) {
    // Without a file to run tap would look for some itself.
    console.log('No test file is of that name.\n\n0 passed, 1 failed, 0 skipped');
    return 1;
  }
  const tests: TestResult[] = [];
  const heard = new Set<string>();
  await prepareTap();
  const code = await runTap(files, (file) => {
    heard.add(file.name);
    tests.push(...file.tests);
    report(file);
  });
  const of = (outcome: TestResult['outcome']) => tests.filter((test) => test.outcome === outcome);
  const skipped = of('skipped');
  explainSkips(skipped);
  if (skipsFail && skipped.length > 0)
    console.log('All tests must run here (NIGHTSHIFT_TEST_ALL=1): what was skipped counts as failed.');
  // A file that was never heard of, or a bad end that no test explains, must not pass for success.
  const silent = Math.max(0, files.length - heard.size);
  if (silent > 0) console.log(`${silent} test files gave no result.`);
  const known = of('failed').length + silent + (skipsFail ? skipped.length : 0);
  const failed = known === 0 && (code !== 0 || tests.length === 0) ? 1 : known;
  if (failed > known) console.log(tests.length === 0 ? 'No tests were found.' : `tap ended with ${code}.`);
  console.log(`\n${of('passed').length} passed, ${failed} failed, ${skipsFail ? 0 : skipped.length} skipped`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
