/** The real program and its command line, from one data folder to the next. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import type { ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import type { SchedulerView } from '../../supervisor/schedules-facade.ts';
import { dataFolder, SupervisorProcess } from '../helpers/supervisor-process.ts';

t.setTimeout(120_000);

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const nightshift = async (...words: string[]) =>
  (await promisify(execFile)(process.execPath, [program, ...words])).stdout;

t.test('a box is backed up while it works, dies, and is set up again from the backup', async (t) => {
  const folder = dataFolder();
  t.teardown(() => folder.remove());
  const first = await SupervisorProcess.start(folder, { settings: { TASK_BACKUP_TIME: '04:30' } });
  t.teardown(() => first.kill());
  const task = { type: 'record', params: { file: folder.record } };
  const { id } = await first.add(task);
  await first.until(id, 'succeeded');
  const { id: later } = await first.add({ ...task, delay: '1h' });
  const archive = (await nightshift('backup', '--wait', '--data', folder.dir)).trim();
  t.equal(join(archive, '..'), join(folder.dir, 'backups'));
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
