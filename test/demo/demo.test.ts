import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { plainEnvironment } from '../helpers/plain-environment.ts';

const program = fileURLToPath(new URL('../../examples/demo/demo.js', import.meta.url));

interface Demo {
  readonly child: ChildProcessWithoutNullStreams;
  /** What it has said so far. */
  said(): string;
  /** Resolves with what followed a word such as `Data` on its line. */
  line(word: string): Promise<string>;
}

function runDemo(t: Test, ...options: string[]): Demo {
  const child = spawn(process.execPath, [program, ...options], { env: plainEnvironment() });
  let text = '';
  const listen = (piece: Buffer) => {
    text += piece.toString();
    child.emit('said');
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    const data = /^Data +(.+)$/m.exec(text)?.[1];
    if (data) rmSync(dirname(data), { recursive: true, force: true, maxRetries: 20 });
  });
  async function line(word: string): Promise<string> {
    for (;;) {
      const found = new RegExp(`^${word} +(.+)\n`, 'm').exec(text)?.[1];
      if (found) return found;
      if (child.exitCode !== null) throw new Error(`the demo ended without a line ${word}:\n${text}`);
      await Promise.race([once(child, 'said'), once(child, 'close')]);
    }
  }
  return { child, said: () => text, line };
}

t.test(
  'the demo takes a collection from its sources to the object store byte for byte, says what failed, and leaves no process behind',
  async (t) => {
    const demo = runDemo(t, '--once');
    const closed = once(demo.child, 'close');
    const data = await demo.line('Data');
    const library = await demo.line('Library');
    const objects = await demo.line('Objects');
    const { pid } = JSON.parse(readFileSync(join(data, 'supervisor.json'), 'utf8')) as { pid: number };
    const [code] = await closed;
    t.equal(code, 0, demo.said());
    t.match(demo.said(), '9 tracks in 4 playlists, 7 files downloaded and uploaded, 1 failed');
    t.match(demo.said(), /Small hours, third part: \w+, .*410/, 'what is gone for good is named with its reason');
    t.equal(
      demo.said().match(/^Page +http:\/\/127\.0\.0\.1:\d+\/$/gm)?.length,
      1,
      'the address stands at the start; at the end nobody answers there any more',
    );
    t.match(demo.said(), `rm -r ${dirname(data)}\n`, 'it says how to remove what it leaves');
    t.match(readdirSync(library).sort(), ['evening', 'podcasts', 'tapes'], 'a folder for each source');
    t.same(filesBelow(objects), filesBelow(library), 'the object store has the same files');
    t.notOk(existsSync(join(data, 'supervisor.json')), 'the supervisor was stopped in order');
    t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  },
);

/** Paths without what is hidden, with the bytes of each. */
function filesBelow(folder: string): ReadonlyMap<string, string> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const seen = paths.filter((path) => !/(^|\/)\./.test(path) && statSync(join(folder, path)).isFile());
  return new Map(
    seen.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}

t.test('the demo fails when its supervisor does', async (t) => {
  const demo = runDemo(t, '--once');
  const closed = once(demo.child, 'close');
  const data = await demo.line('Data');
  const { pid } = JSON.parse(readFileSync(join(data, 'supervisor.json'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  const [code] = await closed;
  t.equal(code, 1);
  t.match(demo.said(), /the supervisor ended/);
});
