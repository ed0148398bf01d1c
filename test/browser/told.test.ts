/** What the page tells of the supervisor and its tasks is so, and as much as is known. */
import type { Waiting } from '../../supervisor/core/record.ts';
import type { ConsoleServer } from './helpers/console-server.ts';
import { button, panel, promise, rowOf, word } from './helpers/promise.ts';

async function oneTypePaused({ facade }: ConsoleServer): Promise<void> {
  const actor = { origin: 'cli', from: null };
  await facade.pause('command.run', 'the disk is being replaced', actor);
  facade.add('command.run', { program: 'backup' });
  const waiting = { reason: 'concurrency', until: null, detail: 'all slots are taken; 1 tasks are queued' } as const;
  facade.add('http.download', { url: 'https://example.org/a.mp3' }, { waiting });
}

promise(
  'a pause of one type is told with its reason and resumed, on both pages; a task of another type is not called paused',
  { prepare: oneTypePaused },
  async (t, { page, facade }) => {
    const told = panel(page, 'What is paused');
    await told.getByText('command.run is paused: the disk is being replaced').waitFor();
    await told.getByText(/^Paused from the command line since/).waitFor();
    await told.getByText('other types go on').waitFor();
    await button(page, 'Pause queue').waitFor();
    await page.getByRole('link', { name: 'Tasks', exact: true }).click();
    await told.getByText('command.run is paused: the disk is being replaced').waitFor();
    await word(rowOf(page, 'backup'), 'command.run is paused').waitFor();
    await word(rowOf(page, 'a.mp3'), 'All slots are taken').waitFor();
    await page.getByRole('link', { name: 'backup' }).click();
    await panel(page, 'Why is this not running?').getByText('command.run is paused.', { exact: true }).waitFor();
    await page.goBack();
    await button(told, 'Resume command.run').click();
    await told.waitFor({ state: 'detached' });
    t.equal((await facade.queue()).types.find(({ type }) => type === 'command.run')?.paused, null);
  },
);

promise('a pause from the page is told as one', {}, async (_t, { page }) => {
  await button(page, 'Pause queue').click();
  await button(page.getByRole('dialog'), 'Pause queue').click();
  await page.getByText(/^Paused on the page since/).waitFor();
});

promise('while the supervisor stops the page says so and takes no new task', {}, async (_t, { page, facade }) => {
  await button(page, 'Add a task').waitFor();
  facade.stopping = true;
  await page.getByText('The supervisor is stopping').waitFor();
  await button(page, 'Add a task').waitFor({ state: 'detached' });
  await page.keyboard.press('n');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  facade.stopping = false;
  await button(page, 'Add a task').waitFor();
});

const REASONS = [
  ['concurrency', 'what was running at the last crash runs alone first', 'What ran at the last crash runs alone first'],
  ['concurrency', 'at most 2 of group example.org run at once', 'As many as may run at once are running'],
  ['concurrency', 'all slots are taken; 3 tasks are queued', 'All slots are taken'],
  ['moon', 'waits for the full moon', 'Waits for the full moon'],
  ['tide', '', 'Tide'],
] as const;

promise(
  'why a task waits is titled by the real reason, one this page does not know by the supervisor’s own words',
  {
    path: 'tasks',
    prepare({ facade }) {
      for (const [reason, detail] of REASONS) {
        const waiting = { reason, detail, until: null } as unknown as Waiting;
        facade.add('http.request', { name: `${reason} ${detail}` }, { waiting });
      }
    },
  },
  async (_t, { page }) => {
    for (const [reason, detail, title] of REASONS) await word(rowOf(page, `${reason} ${detail}`), title).waitFor();
  },
);

promise(
  'what was cut off does not count as a failure, and a retry counts from nothing',
  {
    prepare({ facade }) {
      const id = facade.add('http.request', { url: 'https://example.org/' });
      const ends = ['failed', 'timed_out', 'failed', 'interrupted', 'worker_crashed'] as const;
      for (const outcome of ends) {
        facade.start(id);
        facade.end(id, outcome, 'queued');
      }
      facade.start(id);
    },
  },
  async (_t, { page, facade }) => {
    await page.goto(`${page.url()}tasks/${facade.newest('http.request')}`);
    await panel(page, 'About').getByText('attempt 6 · 1 of 3 failures used').waitFor();
  },
);

promise(
  'every time is one of the zone that the supervisor names, also what is typed',
  {
    look: { timezoneId: 'America/New_York' },
    prepare({ facade }) {
      facade.timezone = 'Asia/Tokyo';
      facade.add('http.request', {}, { createdAt: '2025-06-30T20:15:00.000Z' });
    },
  },
  async (t, { page, facade }) => {
    await page.getByText(/ · Asia\/Tokyo$/).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    const created = page.locator('time[datetime="2025-06-30T20:15:00.000Z"]').locator('visible=true').first();
    t.equal(await created.textContent(), '1 Jul 2025 05:15');
    t.match(await created.getAttribute('title'), /05:15:00.*Asia\/Tokyo/);
    await button(page, 'Add a task').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Type').selectOption('http.request');
    await dialog.getByLabel('At a time').first().check();
    await dialog.getByText('Time in Asia/Tokyo').waitFor();
    await dialog.getByRole('textbox', { name: 'At a time' }).fill('2099-01-01T09:00');
    await button(dialog, 'Add task').click();
    await dialog.waitFor({ state: 'detached' });
    t.equal((await facade.task(facade.newest('http.request')))?.runAt, '2099-01-01T00:00:00.000Z');
  },
);

promise(
  'a worker that only starts, or is in a state this page does not know, is shown as far as it is known',
  {
    path: 'workers',
    prepare({ facade }) {
      facade.workerStates = { 'cpu-1': 'starting', 'cpu-2': 'draining', 'io-1': 'dreaming' as 'idle' };
    },
  },
  async (_t, { page }) => {
    await word(rowOf(page, 'cpu-1'), 'Starting').waitFor();
    await rowOf(page, 'cpu-1').getByRole('cell', { name: '–', exact: true }).waitFor();
    await word(rowOf(page, 'cpu-2'), 'Draining').waitFor();
    await word(rowOf(page, 'io-1'), 'dreaming').waitFor();
  },
);
