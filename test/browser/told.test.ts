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

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

function oneRetrying({ facade }: ConsoleServer): void {
  for (let number = 0; number < 3; number++) facade.add('thumbnail.make', { path: `${number}.png` });
  const id = facade.add('http.request', { url: 'https://example.org/hook' });
  facade.start(id);
  const until = facade.iso(60_000);
  const error = { code: 'connect', message: 'connect ECONNREFUSED 192.0.2.7:443' };
  facade.end(id, 'failed', 'retrying', { error, runAt: until, waiting: { reason: 'backoff', until, detail: 'x' } });
  // The supervisor's own record has it at the attempt alone while the task waits.
  facade.end(id, 'failed', 'retrying', { error: null });
}

promise(
  'why the last try failed is told in the list, with its whole text on hover, and at the task; it can be canceled, too',
  { path: 'tasks', prepare: oneRetrying },
  async (t, { page }) => {
    const row = rowOf(page, 'hook');
    const detail = row.locator('.detail-cell > span');
    t.match(await detail.textContent(), /^Again at .* · connect ECONNREFUSED/);
    t.match(await detail.getAttribute('title'), 'connect ECONNREFUSED 192.0.2.7:443');
    await button(row, /^Retry:/).waitFor();
    await button(row, /^Cancel:/).waitFor();
    await row.getByRole('link').click();
    await panel(page, 'Error').getByText('connect ECONNREFUSED').waitFor();
  },
);

promise(
  'on a phone errors are seen, rows are acted on, the chosen filter and the bar for many are inside the page',
  { path: 'tasks?state=retrying,canceled', prepare: oneRetrying, look: PHONE },
  async (t, { page, facade, cut }) => {
    const inside = async (name: string) => {
      const box = await button(page, name).first().boundingBox();
      t.ok(box && box.x >= 0 && box.x + box.width <= PHONE.viewport.width, `${name} is inside the page`);
    };
    const row = rowOf(page, 'hook');
    await row.locator('.narrow-only').getByText('connect ECONNREFUSED').waitFor();
    await inside('Retrying');
    await row.getByRole('checkbox').check();
    for (const name of ['Retry', 'Cancel', 'Run next', 'Select none']) await inside(name);
    await button(page, 'Select none').click();
    await row.getByRole('link').click();
    await panel(page, 'Error').getByText('connect ECONNREFUSED').waitFor();
    await panel(page, 'Attempts').getByText('connect ECONNREFUSED').locator('visible=true').waitFor();
    await page.goBack();
    await button(row, /^Retry:/).click();
    await page.getByText('Task queued again').waitFor();
    t.equal(facade.stateOf(facade.newest('http.request')), 'queued');
    cut();
    const lost = page.locator('.lost');
    const [icon, text] = await Promise.all(['.icon', '.notice-text'].map((part) => lost.locator(part).boundingBox()));
    t.ok(icon && text && icon.y < text.y + 20 && text.x > icon.x, 'the sign stands beside its text');
  },
);

promise(
  'what has ended is told as a total, and a task that ended well runs again from its page',
  {
    prepare({ facade }) {
      const id = facade.add('thumbnail.make', { path: 'a.png' });
      facade.start(id);
      facade.succeed(id);
    },
  },
  async (t, { page, facade }) => {
    for (const name of ['1 Succeeded in all', '0 Failed in all', '0 Canceled in all', '0 Running']) {
      await page.getByRole('link', { name, exact: true }).waitFor();
    }
    const before = facade.newest('thumbnail.make');
    await panel(page, 'Latest results').getByRole('link', { name: 'a.png' }).click();
    await button(page, 'Run again').click();
    await page.getByText('Task queued again').waitFor();
    t.equal((await facade.task(facade.newest('thumbnail.make')))?.retryOf, before);
  },
);

promise(
  'params of a task that has ended are edited where they stand, and run as a new task',
  {
    path: 'tasks',
    prepare({ facade }) {
      const id = facade.add('thumbnail.make', { path: 'a.png' });
      facade.start(id);
      facade.succeed(id);
    },
  },
  async (t, { page, facade }) => {
    const before = facade.newest('thumbnail.make');
    await page.getByRole('link', { name: 'a.png' }).click();
    await button(page, 'Edit and retry').click();
    const dialog = page.getByRole('dialog', { name: 'Run thumbnail.make with other params' });
    const field = dialog.getByRole('textbox', { name: 'Params' });
    t.equal(await field.inputValue(), '{\n  "path": "a.png"\n}');
    await field.fill('{ "path": "b.png"');
    await button(dialog, 'Retry').click();
    await dialog.getByText(/Not JSON at line 1/).waitFor();
    t.equal(facade.newest('thumbnail.make'), before, 'nothing is sent');
    await field.fill('{ "path": "b.png" }');
    await button(dialog, 'Retry').click();
    await dialog.waitFor({ state: 'detached' });
    const again = await facade.task(facade.newest('thumbnail.make'));
    t.match(again, { retryOf: before, params: { path: 'b.png' } });
    t.match(await facade.task(before), { params: { path: 'a.png' } });
  },
);

promise(
  'a recovery that was read stays away; the room of rows that are gone is given back',
  {
    prepare({ facade }) {
      facade.recovered = { tasks: 12, stoppedAt: facade.iso(-60_000), downMs: 1_000, clean: false };
      for (let number = 0; number < 4; number++) facade.start(facade.add('thumbnail.make', { path: `${number}.png` }));
    },
  },
  async (_t, { page, facade }) => {
    await button(page, 'Dismiss').click();
    await page.getByText('Recovered 12 tasks').waitFor({ state: 'detached' });
    await page.reload();
    const running = panel(page, 'Running now');
    await running.getByText('3.png').waitFor();
    await page.getByText('Recovered 12 tasks').waitFor({ state: 'detached' });
    for (const { id } of (await facade.tasks({ filter: {}, limit: 9, after: null, order: 'newest' })).items) {
      facade.succeed(id);
    }
    await running.getByText('Nothing is running.').waitFor();
    await running.locator('tr.spare').first().waitFor({ state: 'detached' });
  },
);
