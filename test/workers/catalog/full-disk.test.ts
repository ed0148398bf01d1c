import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { needsNamespaces } from '../../helpers/needs.ts';

const child = fileURLToPath(new URL('./full-disk-child.js', import.meta.url));
const full = { outcome: 'failed', code: 'disk_full', noted: 'disk_full', retryable: true, file: null };

t.test(
  'on a disk that is full a download says so, leaves no half file, and goes on once there is room',
  needsNamespaces('-Urm'),
  (t) => {
    const disk = t.testdir({});
    const mounted = `mount -t tmpfs -o size=4m,nr_inodes=40 tmpfs ${disk} && exec "$@"`;
    const said = execFileSync('unshare', ['-Urm', 'sh', '-c', mounted, 'sh', process.execPath, child, disk], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const steps = JSON.parse(said);
    t.match(steps['too long'], { ...full, lying: [] }, 'before a byte has come');
    t.match(steps['full in the middle'], full);
    for (const name of steps['full in the middle'].lying)
      t.match(name, /^\.nightshift-.*\.part(\.json)?$/, 'what has come waits');
    t.match(steps['room'], { outcome: 'succeeded', told: { bytes: 3 * 1024 * 1024 }, lying: ['unknown.mp3'] });
    t.ok(steps['room'].told.resumedBytes > 1024 * 1024, 'it goes on from there');
    t.ok(steps['right']);
    t.match(steps['no names'], full, 'a disk that has no room for names is full as well');
    t.match(steps['names'], { outcome: 'succeeded' });
    t.match(steps['no folders'], full, 'nor one for folders');
    t.match(steps['folders'], { outcome: 'succeeded', told: { resumedBytes: 1_000 } });
    t.match(steps['copy'], full, 'a file of this machine that does not fit');
    t.same(steps['copy'].lying, ['far.mp3', 'small.mp3', 'unknown.mp3']);
    t.match(steps['target full'], { ...full, file: { path: 'a.mp3' }, upload: null });
    t.same(steps['target full'].lying, [], 'nothing unfinished stays at a target');
    t.match(steps['target room'], { outcome: 'succeeded', upload: { name: 'a.mp3' }, lying: ['a.mp3'] });
    t.ok(steps['arrived']);
    t.end();
  },
);
