/** What hands do on the page: keys, clicks into rows, and the form that adds a task. */
import type { Page } from 'playwright-core';
import type { ConsoleServer } from './helpers/console-server.ts';
import { button, panel, promise, rowOf } from './helpers/promise.ts';

function threeTasks({ facade }: ConsoleServer): void {
  for (const name of ['a', 'b', 'c']) facade.add('http.download', { url: `https://example.org/${name}.mp3` });
}

/** What the focus is in: the text of its row, or its own name. */
const focus = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement;
    return at?.closest('tr')?.textContent ?? at?.tagName.toLowerCase() ?? '';
  });

promise(
  '/ leads from anywhere into the field, and what is typed next is text; Escape keeps it and leaves keys their meaning',
  { prepare: threeTasks },
  async (t, { page, facade }) => {
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    // Both in one turn of the browser: nothing may depend on how long the page takes to change.
    await page.evaluate(() => {
      const press = (key: string) =>
        document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      press('/');
      return Promise.resolve().then(() => Promise.resolve().then(() => press('n')));
    });
    await page.waitForURL('**/tasks');
    t.equal(await page.getByRole('dialog').count(), 0, 'an n in the field adds no task');
    await page.keyboard.type('b.mp3');
    await page.getByText('1 task', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    t.equal(await page.getByRole('searchbox').inputValue(), 'b.mp3');
    await page.keyboard.press('j');
    t.match(await focus(page), 'b.mp3');
    await page.keyboard.press('/');
    t.equal(await focus(page), 'input');
    await page.keyboard.type('c');
    t.equal(await facade.task(facade.newest('http.download')).then((task) => task?.state), 'queued');
  },
);

promise(
  'a click anywhere in a row opens it, except on a control or at the end of a selection; Back leads to the same row',
  { path: 'tasks', prepare: threeTasks },
  async (t, { page }) => {
    const row = rowOf(page, 'b.mp3');
    await row.getByRole('checkbox').check();
    await page.getByText('1 selected').waitFor();
    await row.getByRole('checkbox').uncheck();
    await row.locator('td').nth(5).click();
    await page.waitForURL('**/tasks/*');
    await page.goBack();
    await row.getByRole('link').and(page.locator(':focus')).waitFor();
    await page.keyboard.press('j');
    t.match(await focus(page), 'a.mp3', 'and j goes on from there');
    const time = await row.locator('td').nth(5).locator('time').boundingBox();
    const { x = 0, y = 0, width = 0, height = 0 } = time ?? {};
    await page.mouse.move(x + 1, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width - 1, y + height / 2, { steps: 4 });
    await page.mouse.up();
    t.match(await page.evaluate(() => String(getSelection())), /\d/);
    t.match(page.url(), /\/tasks$/, 'who selects text stays');
  },
);

promise(
  'on Tonight, too, j and k move through the lists and keys do what a row offers',
  {
    prepare({ facade }) {
      threeTasks({ facade } as ConsoleServer);
      const id = facade.newest('http.download');
      facade.start(id);
      facade.fail(id, 'no route to host');
      facade.start(facade.add('command.run', { command: 'backup' }));
    },
  },
  async (t, { page, facade }) => {
    await panel(page, 'Last failures').getByText('no route to host').waitFor();
    await panel(page, 'Running now').getByText('backup').waitFor();
    await page.keyboard.press('j');
    t.match(await focus(page), 'backup');
    await page.keyboard.press('r');
    await page.keyboard.press('j');
    t.match(await focus(page), 'c.mp3');
    await page.keyboard.press('r');
    await page.getByText('Task queued again').waitFor();
    t.equal(facade.stateOf(facade.newest('command.run')), 'running');
  },
);

promise(
  'nothing is chosen for whoever adds a task; what was typed is not lost to Escape',
  {},
  async (t, { page, facade }) => {
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog', { name: 'Add a task' });
    const type = dialog.getByRole('combobox', { name: 'Type' });
    await type.and(page.locator(':focus')).waitFor();
    t.equal(await type.inputValue(), '');
    await button(dialog, 'Add task').click();
    await dialog.getByText('is required').waitFor();
    t.equal(facade.events.seq, 0, 'one click submits nothing');
    await type.selectOption('command.run');
    t.match(await dialog.getByLabel('Params').inputValue(), '"command": "backup"');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    await page.keyboard.press('n');
    await dialog.getByLabel('Params').fill('{ "mine": true }');
    const asked = page.getByRole('dialog', { name: 'Discard this task?' });
    for (const leave of ['Escape', '×', 'Escape'] as const) {
      if (leave === 'Escape') await page.keyboard.press('Escape');
      else await button(dialog, 'Close').first().click();
      await button(asked, 'Go on writing').click();
      await asked.waitFor({ state: 'detached' });
    }
    t.equal(await dialog.getByLabel('Params').inputValue(), '{ "mine": true }');
    await page.keyboard.press('Escape');
    await button(asked, 'Discard').click();
    await dialog.waitFor({ state: 'detached' });
  },
);

promise(
  'more options are sent, mistakes in them name what is wrong and leave the columns in line; a moment that is over is told',
  {},
  async (t, { page, facade }) => {
    await button(page, 'Add a task').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Type').selectOption('http.request');
    await dialog.getByLabel('At a time').first().check();
    const moment = dialog.getByRole('textbox', { name: 'At a time' });
    await moment.fill('2020-01-01T09:00');
    await dialog.getByText('This is over: the task runs at once.').waitFor();
    await moment.fill('2099-01-01T09:00');
    await dialog.getByText('This is over').waitFor({ state: 'detached' });
    await dialog.getByText('More options').click();
    await dialog.getByLabel('Attempts').fill('5');
    await dialog.getByLabel('Timeout').fill('10m');
    await dialog.getByLabel('If interrupted').selectOption('hold');
    await dialog.getByLabel('Tags').fill(`fine, ${'long'.repeat(100)}`);
    await button(dialog, 'Add task').click();
    await dialog.getByText(/^“long(long)+…” /).waitFor();
    const tops = await dialog
      .locator('.field-grid .field')
      .evaluateAll((fields) =>
        fields.map((field) => field.querySelector('input, select')?.getBoundingClientRect().top),
      );
    for (let at = 0; at + 1 < tops.length; at += 2) t.equal(tops[at], tops[at + 1], `row ${at / 2}`);
    await dialog.getByLabel('Tags').fill('fine');
    t.ok(await dialog.getByLabel('Tags').isVisible(), 'a mistake that is mended does not fold the options');
    await button(dialog, 'Add task').click();
    await dialog.waitFor({ state: 'detached' });
    const task = await facade.task(facade.newest('http.request'));
    t.match(task, { maxAttempts: 5, timeout: '10m', onInterrupt: 'hold', tags: ['fine'] });
  },
);

promise(
  'when the supervisor does not answer, the form says so and asks again',
  {},
  async (_t, { page, facade, cut, mend }) => {
    await button(page, 'Live').waitFor();
    cut();
    await button(page, 'Add a task').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The supervisor does not answer, so').waitFor();
    mend();
    await button(dialog, 'Try again').click();
    await dialog.getByLabel('Type').selectOption('http.request');
    cut();
    await button(dialog, 'Add task').click();
    await dialog.getByRole('alert').getByText('The supervisor does not answer').waitFor();
    mend();
    await button(dialog, 'Add task').click();
    await dialog.waitFor({ state: 'detached' });
    facade.newest('http.request');
  },
);

promise(
  'on a phone nothing has to be scrolled sideways to reach a page: the others come with a button, by keyboard too, and go once one is chosen',
  { look: { viewport: { width: 390, height: 844 } } },
  async (t, { page }) => {
    const pages = page.getByRole('navigation', { name: 'Pages' });
    const more = button(pages, 'More pages');
    await pages.getByRole('link', { name: 'Runs' }).waitFor();
    t.equal(await pages.getByRole('link').count(), 4, 'the others are not heard either');
    t.equal(await pages.evaluate((at) => at.scrollWidth - at.clientWidth), 0);
    const before = await more.boundingBox();
    await more.focus();
    await page.keyboard.press('Enter');
    await pages.getByRole('link', { name: 'Settings' }).waitFor();
    t.equal(await pages.getByRole('link').count(), 9);
    t.equal(await more.getAttribute('aria-expanded'), 'true');
    t.same(await more.boundingBox(), before, 'it stays below the finger');
    t.equal(await pages.evaluate((at) => at.scrollWidth - at.clientWidth), 0);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/workers');
    t.equal(await more.getAttribute('aria-expanded'), 'false');
    t.equal(await pages.getByRole('link').count(), 4);
  },
);
