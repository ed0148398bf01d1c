/** What workers are at, and how tasks went: of the real program. */
import { join } from 'node:path';
import { pictureFolder } from './helpers/browser.ts';
import { check, LOOKS, readAxe } from './helpers/look.ts';
import { RUN_FILES, startRun } from './helpers/podcasts.ts';
import { onProgram } from './helpers/program.ts';
import { button, panel, rowOf } from './helpers/promise.ts';

onProgram(
  'a worker says which track of which run and stage it is at, and leads there; what ended is counted by type and day',
  { files: RUN_FILES, path: 'workers' },
  async (t, { page, supervisor, folder, write, open }) => {
    const axe = await readAxe();
    const pictures = await pictureFolder();
    const hold = join(folder.dir, 'go');
    const id = await startRun(supervisor, { names: ['a', 'b', 'c'], hold, fails: ['c'] });
    const workers = panel(page, 'Workers');
    await workers.getByRole('link', { name: 'fetch Track a' }).waitFor();
    await rowOf(workers, 'Track b').getByRole('link', { name: 'podcasts · download' }).waitFor();
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page: other } = await open('workers', options);
      await other.getByText('podcasts · download').first().waitFor();
      await check(t, other, axe, join(pictures, `workers-run-${look}.png`), true);
    }
    await rowOf(workers, 'Track b').getByRole('link', { name: 'podcasts · download' }).click();
    await page.waitForURL(`**/runs/${id}?stage=download`);
    write('go', '');
    await page.getByText('1 failed; the rest is done.').waitFor();

    await page.goto(`${supervisor.url}/handlers`);
    await page.getByRole('link', { name: 'How they went' }).click();
    await page.waitForURL('**/handlers/stats');
    const types = panel(page, 'How they went');
    const row = rowOf(types, 'fetch');
    await row.getByRole('cell', { name: '5', exact: true }).waitFor();
    await row.getByRole('cell', { name: '1', exact: true }).waitFor();
    await row.getByRole('img', { name: 'fetch by day: ended on 1 day, at most 5 on one' }).waitFor();
    await button(types, 'fetch').click();
    t.equal(await panel(page, 'fetch by day').getByRole('row').count(), 2, 'a row for the one day');
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page: other } = await open('handlers/stats?type=fetch', options);
      await panel(other, 'fetch by day').waitFor();
      await check(t, other, axe, join(pictures, `stats-${look}.png`), true);
    }
    await page.getByLabel('Span').selectOption('7');
    await page.waitForURL('**/handlers/stats?days=7&type=fetch');
    await page.getByText('What ended in the last 7 days').waitFor();
  },
);
