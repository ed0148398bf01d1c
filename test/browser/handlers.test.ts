/** Handlers on the page: what there is, what each may take and needs, and what to do where something is missing. */

import { button, panel, promise, rowOf, word } from './helpers/promise.ts';
import { handler } from './helpers/scripted-task.ts';

const mine = handler('library.sync', 'io', {
  builtIn: false,
  file: '/srv/nightshift/data/handlers/library.sync.mjs',
  timeoutMs: 300_000,
  maxAttempts: 5,
  concurrency: 2,
  flag: 'NIGHT_SYNC',
  settings: ['HANDLER_CITY'],
});

promise(
  'each handler says what it may take and needs, and how many of its tasks wait and run, live',
  { path: 'handlers', env: { text: 'FLAG_NIGHT_SYNC=true\nHANDLER_CITY=Bonn\n', handlers: [mine] } },
  async (t, { page, facade }) => {
    const row = rowOf(panel(page, 'Your own'), 'library.sync');
    await row.getByRole('cell', { name: '5 min' }).waitFor();
    t.match((await row.textContent()) ?? '', /library\.sync\.mjs.*3f9a1c20b7de.*io.*5.*2.*NIGHT_SYNC/s);
    await word(row, 'On').waitFor();
    const waiting = facade.add('library.sync');
    await row.getByRole('link', { name: '1', exact: true }).waitFor();
    t.match(await row.getByRole('cell').allInnerTexts(), ['io', '5 min', '5', '2', /NIGHT_SYNC/, '1', '0']);
    facade.start(waiting);
    await row.getByRole('cell').last().getByRole('link').click();
    await page.waitForURL('**/tasks?state=running&type=library.sync');
    await page.goBack();
    await panel(page, 'Built in').getByText('http.download').waitFor();
    await row.getByRole('link', { name: 'HANDLER_CITY' }).locator('visible=true').click();
    await page.getByText('1 setting', { exact: true }).waitFor();
  },
);

promise(
  'a file that could not be used is named with its mistake, and a type that nobody handles with what to do',
  {
    path: 'handlers',
    env: {},
    prepare({ facade }) {
      const file = '/srv/nightshift/data/handlers/broken.mjs';
      const failure = { file, message: 'SyntaxError: Unexpected end of input', serving: '0fd1c3b5a790' };
      facade.catalog = { ...facade.catalog, failures: [failure] };
      facade.add('nobody.knows');
    },
  },
  async (_t, { page }) => {
    const failures = panel(page, 'Files that could not be used');
    await failures.getByText('/srv/nightshift/data/handlers/broken.mjs').waitFor();
    await failures.getByText('Unexpected end of input').waitFor();
    await failures.getByText('The version before, 0fd1c3b5a790, goes on serving.').waitFor();
    await failures.getByText('Correct the file, which is taken as soon as it is right').waitFor();
    await page.getByText('Nobody handles nobody.knows: 1 waiting').waitFor();
  },
);

promise(
  'who has no handler yet finds a file to copy; g h leads there from anywhere',
  { env: {} },
  async (t, { page }) => {
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await page.getByText('No handler of your own yet').waitFor();
    t.match(
      (await page.locator('.copyable').textContent()) ?? '',
      /cat > \/srv\/nightshift\/data\/handlers\/greet\.mjs/,
    );
    await button(page, 'Copy').waitFor();
  },
);
