/** The real program and its command line, from one data folder to the next. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import type { ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import type { SchedulerView } from '../../supervisor/schedules-facade.ts';
import { dataFolder, eventually, type Running, SupervisorProcess } from '../helpers/supervisor-process.ts';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const nightshift = async (...words: string[]) =>
  (await promisify(execFile)(process.execPath, [program, ...words])).stdout;

const readAll = { type: 'backup.paths', params: { name: 'all', paths: ['/etc'] } };

/** The schedule file of the document, on folders that are there. */
function photosSchedule(folder: string): string {
  const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));
  const text = readFileSync(join(root, 'docs', 'backup.md'), 'utf8');
  const [, block = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(text) ?? [];
  return block.replaceAll('/srv/photos', join(folder, 'photos')).replaceAll('/home/me', folder);
}

/** Runs a schedule at once. @returns the result of its task */
async function resultOf(supervisor: Running, schedule: string): Promise<Record<string, unknown>> {
  await eventually('the schedule to be there', async () => {
    const { status } = await supervisor.call('GET', `/schedules/${schedule}`);
    return status === 200 ? true : null;
  });
  const { body } = await supervisor.call<{ task: { id: string } }>('POST', `/schedules/${schedule}/run`, {});
  return (await supervisor.until(body.task.id, 'succeeded')).result as Record<string, unknown>;
}

t.test('a box is backed up while it works, dies, and is set up again from the backup', async (t) => {
  const folder = dataFolder();
  t.teardown(() => folder.remove());
  const things = join(folder.dir, '..', 'things');
  for (const name of ['photos/a.jpg', 'photos/cache/a.jpg', 'photos/b.tmp', 'notes.db']) {
    mkdirSync(join(things, dirname(name)), { recursive: true });
    writeFileSync(join(things, name), name);
  }
  const settings = { TASK_BACKUP_TIME: '04:30', BACKUP_PATHS: things };
  const first = await SupervisorProcess.start(folder, { settings });
  t.teardown(() => first.kill());
  const task = { type: 'record', params: { file: folder.record } };
  const { id } = await first.add(task);
  await first.until(id, 'succeeded');
  const { id: later } = await first.add({ ...task, delay: '1h' });
  const archive = (await nightshift('backup', '--wait', '--data', folder.dir)).trim();
  t.equal(join(archive, '..'), join(folder.dir, 'backups'));

  writeFileSync(join(folder.dir, 'inbox', 'photos.yaml'), photosSchedule(things));
  const { path: photos, ...counts } = await resultOf(first, 'photos');
  t.match(counts, { files: 2, folders: 1, links: 0, databases: 0, leftOut: 0, removed: [] });
  t.match(basename(String(photos)), /^photos-.*\.tar\.gz$/);
  const { code } = (await first.until((await first.add(readAll)).id, 'failed')).error ?? {};
  t.equal(code, 'path_refused', 'nothing else may be read');
  await first.kill();

  const again = dataFolder();
  t.teardown(() => again.remove());
  const dir = join(again.dir, '..', 'restored');
  t.match(await nightshift('restore', archive, '--data', dir), /restored \d+ files to .*\nstart it: nightshift start/);
  const second = await SupervisorProcess.start({ ...again, dir });
  t.teardown(() => second.kill());
  t.equal((await second.task(id)).state, 'succeeded');
  t.equal((await second.task(later)).state, 'scheduled');
  const { body } = await second.call<{ items: ScheduleRecord[]; scheduler: SchedulerView }>('GET', '/schedules');
  t.match(body.scheduler.paused, { reason: /^restored from nightshift-.*, made at 20/ });
  t.match(
    body.items.find(({ name }) => name === 'backup'),
    { builtIn: true, when: { at: '03:00' } },
    'without the key, its own time is back',
  );
});
