/** Every exit code of the contract, provoked on the real program. */
import {
  appendFileSync,
  chownSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { needs } from '../helpers/needs.ts';
import { dataFolder, type Folder, SupervisorProcess, startAndEnd } from '../helpers/supervisor-process.ts';

function folderFor(t: Test): Folder {
  const folder = dataFolder();
  t.teardown(() => folder.remove());
  return folder;
}

/** A folder in which a supervisor has worked and stopped as asked. */
async function usedFolder(t: Test): Promise<Folder> {
  const folder = folderFor(t);
  const supervisor = await SupervisorProcess.start(folder);
  await supervisor.add({ type: 'record', params: { file: folder.record }, delay: '1h' });
  t.same(await supervisor.stop(), { code: 0, signal: null });
  return folder;
}

function newestSegment(folder: Folder): string {
  const names = readdirSync(join(folder.dir, 'journal'))
    .filter((name) => name.endsWith('.ndjson'))
    .sort();
  return join(folder.dir, 'journal', names.at(-1) as string);
}

t.test('0: stopped as asked, by either signal', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const supervisor = await SupervisorProcess.start(folderFor(t));
    supervisor.signal(signal);
    t.same(await supervisor.ended, { code: 0, signal: null });
  }
});

t.test('64: a wrong command line, and wrong settings with nothing good to start from', async (t) => {
  const folder = folderFor(t);
  const flag = await startAndEnd(folder.dir, { arguments: ['--prot', '0'] });
  t.equal(flag.code, 64);
  t.match(flag.output, '--prot');
  const port = await startAndEnd(folder.dir, { arguments: ['--port', 'eighty'] });
  t.equal(port.code, 64);
  t.match(port.output, 'eighty');
  const wrong = await startAndEnd(folder.dir, { settings: { WORKERS: 'many', FSYNC: 'sometimes' } });
  t.equal(wrong.code, 64);
  t.match(wrong.output, /WORKERS/);
  t.match(wrong.output, /FSYNC/, 'each mistake is named');
});

t.test('wrong settings in a folder that has good ones do not keep the supervisor down', async (t) => {
  const folder = await usedFolder(t);
  appendFileSync(join(folder.dir, 'nightshift.env'), '\nWORKERS=many\n');
  const supervisor = await SupervisorProcess.start(folder, { settings: { WEB_PROT: '1', FSINC: 'no' } });
  const { body } = await supervisor.call<{ health: { message: string }[] }>('GET', '/status');
  t.match(JSON.stringify(body.health), 'WORKERS', 'it says so');
  await supervisor.stop();
  const told = supervisor.logged().filter(({ health }) => health !== undefined);
  t.match(
    told,
    [
      {
        level: 50,
        health: 'settings_wrong',
        msg: /WORKERS .*Correct .*nightshift\.env; it is taken as soon as it is right/,
      },
      { level: 40, msg: /NIGHTSHIFT_WEB_PROT .*did you mean WEB_PORT.*Correct or remove it/ },
      { level: 40, msg: /NIGHTSHIFT_FSINC .*did you mean FSYNC/ },
    ],
    'the log as well, once each',
  );
  t.equal(told.length, 3);
});

t.test('65: damaged data and data of an unknown format, by file and place', async (t) => {
  const folder = await usedFolder(t);
  const path = newestSegment(folder);
  const bytes = readFileSync(path);
  const at = bytes.indexOf('"e":"task.accepted"') + 5;
  const damaged = Buffer.from(bytes);
  damaged[at] = (damaged[at] as number) ^ 1;
  writeFileSync(path, damaged);
  const rot = await startAndEnd(folder.dir);
  t.equal(rot.code, 65, rot.output);
  t.match(rot.output, path);
  t.match(rot.output, 'nightshift doctor');
  t.same(readFileSync(path), damaged, 'and nothing is changed');

  const foreign = await usedFolder(t);
  const segment = newestSegment(foreign);
  const text = readFileSync(segment, 'utf8').replace('"v":1', '"v":9');
  writeFileSync(segment, text);
  const unknown = await startAndEnd(foreign.dir);
  t.equal(unknown.code, 65, unknown.output);
  t.equal(readFileSync(segment, 'utf8'), text);
});

t.test('69: the port is taken, the address is not ours', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const folder = folderFor(t);
  const taken = await startAndEnd(folder.dir, { arguments: ['--port', String(port)] });
  t.equal(taken.code, 69, taken.output);
  t.match(taken.output, String(port));
  const elsewhere = await startAndEnd(folder.dir, {
    arguments: ['--host', '203.0.113.7', '--port', '0'],
    settings: { WEB_TOKEN: 'a-token-that-is-long-enough-for-anyone' },
  });
  t.equal(elsewhere.code, 69, elsewhere.output);
  t.match(elsewhere.output, '203.0.113.7');
  const supervisor = await SupervisorProcess.start(folder);
  t.same(await supervisor.stop(), { code: 0, signal: null }, 'and the folder is none the worse');
});

t.test('72: the data folder is missing, or is a file', async (t) => {
  const folder = folderFor(t);
  const missing = await startAndEnd(join(folder.dir, 'nowhere'));
  t.equal(missing.code, 72);
  t.match(missing.output, 'nowhere');
  writeFileSync(join(folder.dir, 'file'), '');
  const file = await startAndEnd(join(folder.dir, 'file'));
  t.equal(file.code, 72, file.output);
});

t.test('72: the data folder is read-only', needs('unshare'), async (t) => {
  const folder = folderFor(t);
  const script = 'mount -t tmpfs none "$1" && mount -o remount,ro "$1" && shift && exec "$@"';
  const ended = await startAndEnd(folder.dir, { under: ['unshare', '-Urm', 'sh', '-c', script, 'sh', folder.dir] });
  t.equal(ended.code, 72, ended.output);
  t.match(ended.output, folder.dir);
});

/** A machine without network file systems has none to try: the answer of statfs(2) is changed on its way to the program. */
function onNetwork(folder: Folder, type: number): readonly string[] {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(type));
  const inject = `inject=statfs:poke_exit=@arg2=${bytes.toString('hex')}`;
  return ['strace', '-f', '-qq', '-o', '/dev/null', '-P', folder.dir, '-e', 'trace=statfs', '-e', inject];
}

t.test('72: the data folder is on a network file system, unless that is asked for', needs('strace'), async (t) => {
  const types = { NFS: 0x6969, CIFS: 0xff534d42, '9p': 0x01021997 };
  for (const [name, type] of Object.entries(types)) {
    const folder = folderFor(t);
    const ended = await startAndEnd(folder.dir, { under: onNetwork(folder, type) });
    t.equal(ended.code, 72, ended.output);
    t.match(ended.output, `${folder.dir} is on a network file system (${name})`);
    t.match(ended.output, '--force-network');
    t.same(readdirSync(folder.dir).sort(), ['handlers', 'inbox'], 'nothing was written there');
  }
  const folder = folderFor(t);
  const under = onNetwork(folder, types.NFS);
  const supervisor = await SupervisorProcess.start(folder, { under, arguments: ['--force-network'] });
  t.teardown(() => supervisor.kill());
  const { id } = await supervisor.add({ type: 'record', params: { file: folder.record } });
  t.equal((await supervisor.until(id, 'succeeded')).state, 'succeeded');
  t.same(await supervisor.stop(), { code: 0, signal: null });
});

t.test('72: there is no way to lock the data folder, unless the weaker one is asked for', async (t) => {
  const folder = folderFor(t);
  const under = ['env', `PATH=${join(folder.dir, 'no-programs')}`];
  if (process.platform !== 'linux') return t.pass('this system locks files by itself');
  const ended = await startAndEnd(folder.dir, { under });
  t.equal(ended.code, 72, ended.output);
  t.match(ended.output, /cannot be locked: flock\(1\) is not installed/);
  t.match(ended.output, '--lock=socket');
  const supervisor = await SupervisorProcess.start(folder, { under, arguments: ['--lock=socket'] });
  t.teardown(() => supervisor.kill());
  const second = await startAndEnd(folder.dir, { under, arguments: ['--lock=socket'] });
  t.equal(second.code, 73, second.output);
  t.same(await supervisor.stop(), { code: 0, signal: null });
});

t.test('72: the data folder belongs to somebody else', async (t) => {
  const folder = folderFor(t);
  const weAreRoot = process.getuid?.() === 0;
  if (weAreRoot) chownSync(folder.dir, 65_534, 65_534);
  const dir = weAreRoot ? folder.dir : '/usr';
  const ended = await startAndEnd(dir);
  t.equal(ended.code, 72, ended.output);
  t.match(ended.output, `${dir} belongs to user ${weAreRoot ? 65_534 : 0}`);
  t.match(ended.output, 'chown');
});

t.test('72: something else lies where a part of the data folder belongs, which is named', async (t) => {
  const folders = ['inbox', 'handlers', 'logs', 'history', 'journal', 'snapshots', 'quarantine', 'scratch', 'accepted'];
  const files = ['token', 'supervisor.json', 'LOCK', 'revisions.json'];
  for (const name of [...folders, ...files]) {
    const folder = folderFor(t);
    const path = join(folder.dir, name);
    rmSync(path, { recursive: true, force: true });
    if (folders.includes(name)) writeFileSync(path, 'mine');
    else mkdirSync(path);
    const ended = await startAndEnd(folder.dir);
    t.equal(ended.code, 72, `${name}: ${ended.output}`);
    t.match(ended.output, `${path} is not a ${files.includes(name) ? 'file' : 'folder'}`);
    t.match(ended.output, 'move it away');
    t.ok(existsSync(path), 'and it is left as it is');
  }
});

t.test('72: deeper in the folder, too, and whatever else the file system refuses', async (t) => {
  const folder = await usedFolder(t);
  const path = join(folder.dir, 'history', 'index');
  rmSync(path, { recursive: true, force: true });
  writeFileSync(path, '');
  const ended = await startAndEnd(folder.dir);
  t.equal(ended.code, 72, ended.output);
  t.match(ended.output, path);
  t.notMatch(ended.output, / {4}at /, 'no stack trace');
});

/** Runs on a small disk of its own, full to its last block, which before that was made ready by `prepare`. */
function onFullDisk(folder: Folder, prepare = 'true'): readonly string[] {
  const script = `mount -t tmpfs -o size=4m none "$1" && mkdir "$1/inbox" && ${prepare} && { cat /dev/zero > "$1/ballast" 2>/dev/null; shift; exec "$@"; }`;
  return ['unshare', '-Urm', 'sh', '-c', script, 'sh', folder.dir];
}

t.test('72: the disk of the data folder is full before anything could begin', needs('unshare'), async (t) => {
  const fresh = folderFor(t);
  const first = await startAndEnd(fresh.dir, { under: onFullDisk(fresh) });
  t.equal(first.code, 72, first.output);
  t.match(first.output, fresh.dir);
  t.match(first.output, 'make room');
  t.notMatch(first.output, / {4}at /, 'no stack trace');

  const used = await usedFolder(t);
  const kept = join(used.dir, '..', 'kept');
  cpSync(used.dir, kept, { recursive: true });
  rmSync(join(kept, 'reserve.bin'));
  const prepare = `cp -r ${kept}/. "$1"`;
  const second = await startAndEnd(used.dir, { under: onFullDisk(used, prepare) });
  t.equal(second.code, 72, second.output);
  t.match(second.output, /no room in .* to begin the journal/);
  const supervisor = await SupervisorProcess.start(used);
  t.same(await supervisor.stop(), { code: 0, signal: null }, 'with room it starts');
});

t.test('73: another supervisor has the folder, and is named', async (t) => {
  const folder = folderFor(t);
  const supervisor = await SupervisorProcess.start(folder);
  t.teardown(() => supervisor.kill());
  const second = await startAndEnd(folder.dir);
  t.equal(second.code, 73, second.output);
  t.match(second.output, String(supervisor.pid));
  t.match(second.output, supervisor.url);
  const { status } = await supervisor.call('GET', '/status');
  t.equal(status, 200, 'the first goes on');
});

t.test('74: a sync fails: nothing is acknowledged any more, and nothing is lost', needs('strace'), async (t) => {
  const folder = folderFor(t);
  const trace = (call: string) => [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=fdatasync',
    '-e',
    `inject=fdatasync:${call}`,
  ];
  const supervisor = await SupervisorProcess.start(folder, { under: trace('error=EIO:when=25+') });
  t.teardown(() => supervisor.kill());
  const acknowledged: string[] = [];
  let refusal: unknown = null;
  for (let turn = 0; turn < 200 && refusal === null; turn++) {
    try {
      const { status, body } = await supervisor.call<{ task: { id: string }; code: string }>('POST', '/tasks', {
        type: 'record',
        params: { file: folder.record },
        delay: '1h',
      });
      if (status === 201) acknowledged.push(body.task.id);
      else refusal = body.code;
    } catch {
      refusal = 'connection lost';
    }
  }
  t.ok(refusal === 'outcome_unknown' || refusal === 'connection lost', String(refusal));
  t.equal((await supervisor.ended).code, 74, supervisor.output);
  const next = await SupervisorProcess.start(folder);
  t.teardown(() => next.kill());
  for (const id of acknowledged) t.equal((await next.task(id)).state, 'scheduled');
  t.ok(acknowledged.length > 0);
});

t.test('75: somebody else writes into the journal', async (t) => {
  const folder = folderFor(t);
  const supervisor = await SupervisorProcess.start(folder);
  t.teardown(() => supervisor.kill());
  await supervisor.add({ type: 'record', params: { file: folder.record }, delay: '1h' });
  const fd = openSync(newestSegment(folder), 'a');
  writeSync(fd, '{"seq":1,"e":"intruder"}\n');
  closeSync(fd);
  await supervisor.add({ type: 'record', params: { file: folder.record } }).then(
    () => t.fail('it was acknowledged'),
    () => t.pass('what cannot be trusted is not acknowledged'),
  );
  t.equal((await supervisor.ended).code, 75, supervisor.output);
});

t.test('75: a write that says it was done and was not', needs('strace'), async (t) => {
  const folder = folderFor(t);
  const first = await SupervisorProcess.start(folder);
  await first.stop();
  const under = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=write,pwrite64,writev,pwritev'];
  const lost = 'inject=write,pwrite64,writev,pwritev:retval=4:when=3+';
  // Only writes to the segment that the next start will make.
  const epoch = (name: string) =>
    name.replace(/e(\d+)/, (_, digits: string) => `e${String(Number(digits) + 1).padStart(digits.length, '0')}`);
  const names = readdirSync(join(folder.dir, 'journal'))
    .filter((name) => name.endsWith('.ndjson'))
    .sort();
  const last = readFileSync(join(folder.dir, 'journal', names.at(-1) as string), 'utf8');
  const seq = Math.max(...[...last.matchAll(/"seq":(\d+)/g)].map((match) => Number(match[1])));
  const next = epoch(names.at(-1) as string).replace(/^\d+/, (digits) => String(seq + 1).padStart(digits.length, '0'));
  const supervisor = await SupervisorProcess.start(folder, {
    under: [...under, '-P', join(folder.dir, 'journal', next), '-e', lost],
  }).catch((error: Error) => error);
  if (supervisor instanceof Error) {
    t.match(supervisor.message, 'ended with 75');
    return;
  }
  t.teardown(() => supervisor.kill());
  for (let turn = 0; turn < 20; turn++)
    await supervisor.add({ type: 'record', params: { file: folder.record }, delay: '1h' }).catch(() => {});
  t.equal((await supervisor.ended).code, 75, supervisor.output);
});

t.test('where it listens on every address, it names one that can be opened', async (t) => {
  const settings = { WEB_HOST: '0.0.0.0', WEB_TOKEN: 'a-token-that-is-long-enough-for-anyone' };
  const supervisor = await SupervisorProcess.start(folderFor(t), { settings });
  await supervisor.stop();
  const { port } = new URL(supervisor.url);
  const [page = ''] = supervisor
    .logged()
    .flatMap(({ msg }) => (String(msg).startsWith('the page is') ? [String(msg)] : []));
  t.match(page, new RegExp(`^the page is at http://${hostname()}:${port}/`));
});

t.test('it says that it listens whatever its log may say', async (t) => {
  const folder = folderFor(t);
  mkdirSync(folder.dir, { recursive: true });
  const supervisor = await SupervisorProcess.start(folder, { settings: { LOG_LEVEL: 'error' } });
  t.match(supervisor.output, `listening on ${supervisor.url}`);
  await supervisor.stop();
});
