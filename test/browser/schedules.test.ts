/** Schedules on the page: seen while they are typed, run, paused and deleted by hand, and every planned time in the ledger. */
import type { Page } from 'playwright-core';
import type { SchedulesBed } from '../helpers/schedules-bed.ts';
import { button, live, panel, promise, rowOf, word } from './helpers/promise.ts';

const me = { origin: 'cli', from: null } as const;
const hourMs = 3_600_000;

async function made(bed: SchedulesBed, name: string, more: Record<string, unknown> = {}): Promise<string> {
  const task = { type: 'noop', params: { of: name } };
  return (await bed.desk.create({ name, task, when: { kind: 'daily', at: '02:30' }, ...more }, me)).id;
}

const field = (page: Page, name: string) => page.getByLabel(name, { exact: true });
const preview = (page: Page) => panel(page, 'Preview');

promise(
  'who has no schedule yet is told what one is; what is typed shows its next times, and a mistake stands at its field',
  { schedules: { wall: '2026-03-27T12:00:00Z' } },
  async (t, { page, bed }) => {
    await live(page);
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.getByText('No schedule yet').waitFor();
    await page.getByText('A schedule submits a task by itself').waitFor();
    await made(bed, 'backup');
    await page.getByRole('link', { name: 'Add a schedule' }).click();
    await preview(page).getByText('Every day at 02:00 in Europe/Berlin').waitFor();
    t.equal(await preview(page).getByRole('listitem').count(), 10);
    await field(page, 'Time of day').fill('25:00');
    await page.getByText('must be a time of day in 24 hours').waitFor();
    t.equal(await field(page, 'Time of day').getAttribute('aria-invalid'), 'true');
    await field(page, 'Time of day').fill('02:30');
    await preview(page).getByText('02:30 does not exist that day').waitFor();
    await preview(page).getByText('+02:00').first().waitFor();
    await preview(page).getByRole('link', { name: 'backup' }).waitFor();
    await field(page, 'Time zone').fill('Europe/Berlim');
    await page.getByText('did you mean "Europe/Berlin"?').waitFor();
    await field(page, 'Time zone').fill('Asia/Shanghai');
    await field(page, 'Cron').check();
    await field(page, 'Cron expression').fill('0 4 * * mon');
    await preview(page).getByText('Every Monday at 04:00 in Asia/Shanghai').waitFor();
    await button(page, 'Add schedule').click();
    await field(page, 'Name').and(page.locator('[aria-invalid="true"]')).waitFor();
    await field(page, 'Type').and(page.locator('[aria-invalid="true"]')).waitFor();
    await field(page, 'Once').check();
    await page.getByText('Choose a day and a time').waitFor();
    await field(page, 'Cron').check();
    await field(page, 'Name').fill('backup');
    await field(page, 'Type').selectOption('noop');
    await field(page, 'Params').fill('{ "folder": "/srv" }');
    await page.getByText('More options').click();
    await field(page, 'Jitter').fill('soon');
    await button(page, 'Add schedule').click();
    await page.getByText('must be a duration such as').waitFor();
    await field(page, 'Jitter').fill('5m');
    await button(page, 'Add schedule').click();
    await page.getByText('is the name of another schedule').waitFor();
    await field(page, 'Name').fill('backup of Mondays');
    await button(page, 'Add schedule').click();
    await page.getByRole('heading', { name: 'backup of Mondays' }).waitFor();
    t.match(await bed.desk.show('backup of Mondays'), {
      when: { kind: 'cron', expression: '0 4 * * mon' },
      timezone: 'Asia/Shanghai',
      task: { type: 'noop', params: { folder: '/srv' } },
      jitter: '5m',
      createdBy: 'page',
    });
  },
);

promise(
  'a schedule is run, paused with a reason, resumed and deleted from the list; its ledger says what became of each planned time and stays',
  {
    schedules: {},
    path: 'schedules',
    async prepare(_server, _desk, bed) {
      const id = await made(bed, 'hourly', { when: { kind: 'interval', every: '1h' }, catchUp: 'none' });
      const { rule } = bed.state.schedules.byId.get(id) ?? {};
      if (!rule) throw new Error('it is not there');
      const builtIn = { e: 'schedule.created', id: '0197000000000000000000000000000a', by: 'scheduler' } as const;
      bed.record({ ...builtIn, rule: { ...rule, name: 'history' }, builtIn: 'history' });
      bed.clock.advance(5.5 * hourMs);
      bed.tick();
      const to = bed.clock.wall();
      const many = {
        plannedAt: to - 2 * hourMs,
        outcome: 'missed',
        reason: 'it is too long ago',
        through: to,
        count: 440,
      };
      bed.record({ e: 'occurrences.settled', id, to, rows: [{ ...many, outcome: 'missed' }], waiting: [] });
    },
  },
  async (t, { page, bed }) => {
    await rowOf(page, 'history').getByText('Built in').waitFor();
    const row = rowOf(page, 'hourly');
    await word(row, 'Every hour').waitFor();
    await button(row, 'Run now: hourly').click();
    await page.getByText('hourly has submitted a task').waitFor();
    await button(row, 'Run now: hourly').click();
    await page.getByText('hourly does not run now').waitFor();
    bed.end();
    await button(row, 'Pause: hourly').click();
    await field(page, 'Reason').fill('the disk is being changed');
    await field(page, 'End').fill('2020-01-01T00:00');
    await button(page.getByRole('dialog'), 'Pause').click();
    await page.getByText('must be later than now').waitFor();
    await field(page, 'End').fill('');
    await button(page.getByRole('dialog'), 'Pause').click();
    await word(row, 'the disk is being changed').waitFor();
    await button(row, 'Resume: hourly').click();
    await page.getByRole('radio', { name: /^Catch up/ }).waitFor();
    await button(page.getByRole('dialog'), 'Resume').click();
    await word(row, 'Active').waitFor();
    await row.getByRole('link', { name: 'hourly' }).click();
    const ledger = panel(page, 'Ledger');
    await rowOf(ledger, '440 planned times').waitFor();
    t.match((await rowOf(ledger, '440 planned times').textContent()) ?? '', /Missed.*too long ago/s);
    await rowOf(ledger, 'stood still, and missed occurrences are not caught up').first().waitFor();
    const task = ledger.getByRole('link', { name: /^Open task/ }).first();
    t.match(await task.getAttribute('href'), /^\/tasks\/[0-9a-f]+/);
    await button(page, 'Delete').click();
    await button(page, 'Delete schedule').click();
    await page.waitForURL('**/schedules');
    await page.getByText('hourly deleted').waitFor();
    await page.goBack();
    await page.getByText('There is no such schedule').waitFor();
    await ledger.getByText('Missed').first().waitFor();
  },
);

promise(
  'a change of somebody else is told, keeps what was typed, and is not overwritten',
  { schedules: {}, path: 'schedules', prepare: async (_server, _desk, bed) => void (await made(bed, 'nightly')) },
  async (t, { page, bed }) => {
    await page.getByRole('button', { name: 'Edit: nightly' }).click();
    await field(page, 'Time of day').fill('03:15');
    await bed.desk.change('nightly', { note: 'by a script' }, null, me);
    await page.getByText('Somebody else has changed this schedule').waitFor();
    await button(page, 'Save').click();
    await page.getByText('What you have typed is kept').waitFor();
    t.match(await bed.desk.show('nightly'), { when: { at: '02:30' } });
    await button(page, 'Load anew').click();
    t.equal(await field(page, 'Time of day').inputValue(), '03:15');
    await page.getByRole('link', { name: 'Tasks' }).click();
    await page.goBack();
    t.equal(await field(page, 'Time of day').inputValue(), '03:15', 'and looking elsewhere loses nothing');
    await button(page, 'Save').click();
    await page.getByText('nightly saved').waitFor();
    t.match(await bed.desk.show('nightly'), { when: { at: '03:15' }, note: 'by a script' });
    await button(page, 'Edit').click();
    await field(page, 'Time of day').fill('04:45');
    await bed.desk.pause('nightly', { reason: 'for good', until: null }, me);
    await bed.desk.remove('nightly', null, me);
    await page.getByText('Somebody else has deleted this schedule').waitFor();
    t.ok(await button(page, 'Save').isDisabled());
    await button(page, 'Make it a new one').click();
    t.equal(await field(page, 'Time of day').inputValue(), '04:45', 'what was typed is still there');
    await button(page, 'Add schedule').click();
    await page.getByText('nightly added').waitFor();
    t.match(await bed.desk.show('nightly'), { when: { at: '04:45' }, note: 'by a script', state: 'active' });
  },
);

promise(
  'all are paused with a reason and an end, which everybody sees, and resumed',
  {
    schedules: {},
    path: 'schedules',
    look: { locale: 'zh-CN', viewport: { width: 390, height: 844 } },
    prepare: async (_server, _desk, bed) => void (await made(bed, 'nightly')),
  },
  async (t, { page, bed }) => {
    const scheduler = panel(page, '调度器');
    await scheduler.getByText('开启').waitFor();
    await word(page, '每天 02:30（Europe/Berlin）').waitFor();
    await button(scheduler, '全部暂停').click();
    await field(page, '原因').fill('假期');
    await field(page, '结束').fill('2036-12-27T00:00');
    await button(page.getByRole('dialog'), '全部暂停').click();
    await panel(page, '所有计划已暂停').getByText('假期').waitFor();
    await word(rowOf(page, 'nightly'), '所有计划已暂停：假期').waitFor();
    t.equal((await bed.desk.status()).paused?.until, '2036-12-26T23:00:00.000Z');
    await button(page, '全部恢复').click();
    await button(page.getByRole('dialog'), '全部恢复').click();
    await word(rowOf(page, 'nightly'), '启用').waitFor();
    t.equal((await bed.desk.status()).paused, null);
  },
);
