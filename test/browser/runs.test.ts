/** Runs on the page: started, watched, paused, resumed, canceled and retried; what stops one says what to do. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import type { ScheduleRecord } from '../../supervisor/core/schedule/record.ts';
import { eventually } from '../helpers/supervisor-process.ts';
import { pictureFolder } from './helpers/browser.ts';
import { check, LOOKS, readAxe } from './helpers/look.ts';
import { RUN_FILES as FILES, pipeline, startRun as start } from './helpers/podcasts.ts';
import { onProgram } from './helpers/program.ts';
import { button, panel, rowOf, word } from './helpers/promise.ts';

const stage = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: button(page, new RegExp(`^${name}`)) });

onProgram(
  'a run is started by form, its mistakes stand at their fields, and it is seen to go through its stages',
  { files: FILES, path: 'runs' },
  async (t, { page, folder, write }) => {
    await page.getByRole('heading', { name: 'No run yet' }).waitFor();
    t.match(await page.locator('.copyable').textContent(), /nightshift runs start podcasts/);
    await button(page, 'Start a run').click();
    const dialog = page.getByRole('dialog', { name: 'Start a run' });
    await button(dialog, 'Start run').click();
    await dialog.getByText('is required').waitFor();
    await dialog.getByLabel('Pipeline').selectOption('podcasts');
    await dialog.getByText('collect → download → upload · Everything new, every night.').waitFor();
    await dialog.getByLabel('Scope').fill('{ "group": ');
    await button(dialog, 'Start run').click();
    await dialog.getByLabel('Scope').and(page.locator('[aria-invalid="true"]')).waitFor();
    await dialog.getByLabel('Scope').fill('{ "group": "News" }');
    const hold = join(folder.dir, 'go');
    await dialog.getByLabel('Params').fill(JSON.stringify({ names: ['a', 'b', 'c'], hold }));
    await button(dialog, 'Start run').click();
    await page.getByText('Started a run of podcasts').waitFor();
    await page.waitForURL('**/runs/*');

    await button(stage(page, 'download'), 'download: 2 running').waitFor();
    await button(stage(page, 'download'), 'download: 1 waiting').click();
    const tasks = panel(page, 'Tasks of download');
    await tasks.getByRole('link', { name: /Track c/ }).waitFor();
    t.equal(await tasks.getByRole('row').count(), 2, 'only what waits is listed');
    t.match(page.url(), /stage=download&state=running,queued|stage=download&state=queued/);
    write('go', '');
    await button(stage(page, 'upload'), 'upload: 3 succeeded').waitFor();
    await word(page, 'Succeeded').waitFor();
    await panel(page, 'Attempts in time').getByRole('img', { name: '7 attempts from' }).waitFor({ timeout: 120_000 });
    await panel(page, 'About').getByText('{"group":"News"}').waitFor();

    await page.keyboard.press('g');
    await page.keyboard.press('r');
    const row = rowOf(panel(page, 'Runs'), 'podcasts');
    await row.getByText('7 of 7').waitFor();
    await row.getByRole('img', { name: 'download: 3 succeeded' }).waitFor();
    await button(page, 'Running').click();
    await page.getByText('No run matches this filter').waitFor();
    await button(page, 'Succeeded').click();
    await row.waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/runs/*');
    await button(page, 'Start again').click();
    t.equal(await dialog.getByLabel('Scope').inputValue(), '{\n  "group": "News"\n}'.replaceAll('\n', ''));
  },
);

onProgram(
  'a run is paused with a reason and resumed; canceling asks, and keeps what is done',
  { files: FILES },
  async (t, { page, supervisor, folder, write }) => {
    const hold = join(folder.dir, 'go');
    const id = await start(supervisor, { names: ['a', 'b', 'c', 'd'], hold });
    await page.goto(`${supervisor.url}/runs/${id}`);
    await button(stage(page, 'collect'), 'collect: 1 succeeded').waitFor();
    await button(stage(page, 'download'), 'download: 2 running').waitFor();
    await button(page, 'Pause').click();
    await page.getByRole('dialog').getByLabel('Reason').fill('the line is needed');
    await button(page.getByRole('dialog'), 'Pause run').click();
    await page.getByText('Pausing: 2 still running finish, and nothing more starts.').waitFor();
    await page.getByText('“the line is needed” – page, since').waitFor();
    write('go', '');
    await page.getByText('Paused: nothing of it runs.').waitFor();
    await button(stage(page, 'download'), 'download: 2 succeeded').waitFor();
    t.ok(existsSync(hold));
    await button(page, 'Resume').first().click();
    await page.getByText('The run goes on').waitFor();
    await button(stage(page, 'upload'), 'upload: 4 succeeded').waitFor();
    await button(page, 'Start again').waitFor();
    t.equal(await button(page, 'Pause').count(), 0, 'what has ended is not paused');

    const other = await start(supervisor, { names: ['a', 'b', 'c'], hold: join(folder.dir, 'never') });
    await page.goto(`${supervisor.url}/runs/${other}`);
    await button(stage(page, 'collect'), 'collect: 1 succeeded').waitFor();
    await button(stage(page, 'download'), 'download: 2 running').waitFor();
    await button(page, 'Cancel run').click();
    const dialog = page.getByRole('dialog', { name: 'Cancel this run of podcasts?' });
    await dialog.getByText('1 task will not run, 2 tasks that are running are asked to stop.').waitFor();
    await button(dialog, 'Cancel run').click();
    await word(page, 'Canceled').waitFor();
    await button(stage(page, 'collect'), 'collect: 1 succeeded').waitFor();
    await button(page, 'Start again').waitFor();
    t.equal(await button(page, /^Retry \d+ failed/).count(), 0, 'nothing of it runs again');
    await page.getByText('Canceled: nothing of it runs again.').waitFor();
    const tasks = panel(page, 'Tasks of all stages');
    await rowOf(tasks, 'Track a').waitFor();
    t.equal(await button(tasks, /^Retry: /).count(), 0, 'and no row offers it');
    await rowOf(tasks, 'Track a')
      .getByRole('link', { name: /Track a/ })
      .click();
    await page.getByText('It does not run again: its run was canceled').waitFor();
    t.equal(await button(page, 'Edit and retry').count(), 0);
    await page.getByRole('link', { name: 'Open its run' }).click();
    await page.waitForURL(`**/runs/${other}`);
  },
);

onProgram(
  'what failed is retried: a stage, all, or one, also one that succeeded; what it brings goes on',
  { files: FILES },
  async (t, { page, supervisor, folder, write }) => {
    const mended = join(folder.dir, 'mended');
    const id = await start(supervisor, { names: ['a', 'b', 'c'], fails: ['b', 'c'], mended });
    await page.goto(`${supervisor.url}/runs/${id}`);
    await page.getByText('2 failed; the rest is done.').waitFor();
    await word(page, 'Partially failed').waitFor();
    await page.getByRole('link', { name: 'Show what failed' }).click();
    const all = panel(page, 'Tasks of all stages');
    await all.getByText('no route to host').locator('visible=true').first().waitFor();
    t.equal(await all.getByRole('row').count(), 3);
    await button(page, /^download \w+$/).click();
    const tasks = panel(page, 'Tasks of download');
    await button(tasks, 'Retry 2 failed').click();
    await page.getByText('2 tasks run again').waitFor();
    write('mended', '');
    await page.getByText('2 failed; the rest is done.').waitFor();
    await button(page, 'Retry 2 failed').first().click();
    await button(stage(page, 'upload'), 'upload: 3 succeeded').waitFor();
    t.equal(await page.getByText('failed; the rest is done').count(), 0);

    await button(stage(page, 'upload'), 'upload: 3 succeeded').click();
    await panel(page, 'Tasks of upload')
      .getByRole('link', { name: /Track a/ })
      .click();
    await page.waitForURL('**/tasks/*');
    await page.getByRole('heading', { name: 'fetch Track a' }).waitFor();
    await button(page, 'Run again').click();
    await page.getByText('Task queued again').waitFor();
    await button(page, 'Open').click();
    await page.waitForURL(`**/runs/${id}`);
    await eventually('the run to end again', async () => {
      const { body } = await supervisor.call<{ run: RunRecord }>('GET', `/runs/${id}`);
      return body.run.state === 'succeeded' && body.run.counts.succeeded === 7 ? true : null;
    });
  },
);

onProgram(
  'a run that its failures stopped says why, what waits, and what to do; a pipeline with a mistake is named with it',
  {
    files: {
      ...FILES,
      'pipelines/strict.yaml': pipeline('strict', 'stop'),
      'pipelines/wrong.yaml': 'name: wrong\nstages: []\n',
    },
  },
  async (t, { page, supervisor, folder }) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const id = await start(supervisor, { names, fails: names, mended: join(folder.dir, 'mended') }, 'strict');
    await page.goto(`${supervisor.url}/runs/${id}`);
    const notice = page.locator('.notice').filter({ hasText: 'Failures of stage download stopped this run' });
    await notice.getByText('Its pipeline says of this stage: stop.').waitFor();
    await notice.getByText(/\d wait and are kept/).waitFor();
    await button(page, 'Resume').waitFor();
    await button(page, 'Cancel run').waitFor();
    await word(button(page, /^download/), 'Stopped').waitFor();
    const tasks = panel(page, 'Tasks of all stages');
    await rowOf(tasks, 'Track f').getByText('Failures of stage download stopped its run').waitFor();
    t.equal(await tasks.getByText('Waits for the stage before it').count(), 0);
    await page.goto(`${supervisor.url}/runs`);
    const wrong = panel(page, 'Pipelines with mistakes');
    await wrong.getByText('pipelines/wrong.yaml').waitFor();
    await wrong.getByText('$.stages').waitFor();
    await panel(page, 'Pipelines')
      .getByRole('rowheader', { name: /^strict/ })
      .waitFor();
  },
);

onProgram(
  'a schedule that starts a run is made by hand, and becomes one that submits a task; its ledger leads to what it started',
  { files: FILES, path: 'schedules/new' },
  async (t, { page, supervisor }) => {
    const field = (name: string) => page.getByLabel(name, { exact: true });
    await page.getByRole('radio', { name: 'Start a run of a pipeline' }).check();
    await field('Name').fill('nightly podcasts');
    await button(page, 'Add schedule').click();
    await field('Pipeline').and(page.locator('[aria-invalid="true"]')).waitFor();
    await field('Pipeline').selectOption('podcasts');
    await page.getByText('collect → download → upload').waitFor();
    await field('Params').fill('{ "names": ["a"] }');
    await field('Sources').fill('bbc, feeds');
    await field('Scope').fill('{ "groups": [');
    await button(page, 'Add schedule').click();
    await field('Scope').and(page.locator('[aria-invalid="true"]')).waitFor();
    await field('Scope').fill('{ "groups": ["News"] }');
    await button(page, 'Add schedule').click();
    await page.getByRole('heading', { name: 'nightly podcasts' }).waitFor();
    const made = async () => {
      const { body } = await supervisor.call<{ schedule: ScheduleRecord }>('GET', '/schedules/nightly%20podcasts');
      return body.schedule;
    };
    const run = {
      pipeline: 'podcasts',
      params: { names: ['a'] },
      sources: ['bbc', 'feeds'],
      scope: { groups: ['News'] },
    };
    t.match(await made(), { run, task: null });
    await button(page, 'Run now').click();
    await page.getByText('nightly podcasts has started a run').waitFor();
    const row = panel(page, 'Ledger').getByRole('row').nth(1);
    await row.getByRole('link', { name: /^Open run/ }).click();
    await page.waitForURL('**/runs/*');
    await button(stage(page, 'upload'), 'upload: 1 succeeded').waitFor();

    await page.goBack();
    await button(page, 'Edit').click();
    t.equal(await field('Sources').inputValue(), 'bbc, feeds');
    await field('Sources').fill('');
    await button(page, 'Save').click();
    await page.getByText('nightly podcasts saved').waitFor();
    t.same(
      Object.keys((await made()).run ?? {}).sort(),
      ['params', 'pipeline', 'scope'],
      'what is emptied is left open',
    );
    await button(page, 'Edit').click();
    await page.getByRole('radio', { name: 'Submit a task' }).check();
    await field('Type').selectOption('list');
    await button(page, 'Save').click();
    await page.getByText('nightly podcasts saved').waitFor();
    t.match(await made(), { run: null, task: { type: 'list', params: { names: ['a'] } } });
  },
);

onProgram(
  'runs look right in light, dark and on a phone, and axe finds nothing',
  { files: { ...FILES, 'pipelines/strict.yaml': pipeline('strict', 'stop after 2'), 'pipelines/wrong.yaml': 'x: 1' } },
  async (t, { supervisor, folder, open }) => {
    const axe = await readAxe();
    const pictures = await pictureFolder();
    const hold = join(folder.dir, 'never');
    const names = Array.from({ length: 40 }, (_, index) => `${index + 1} – 夜航 and a name that is rather long`);
    const done = await start(supervisor, { names, fails: names.slice(3, 6) });
    const stopped = await start(supervisor, { names, fails: names.slice(10) }, 'strict');
    await supervisor.call('POST', '/runs', {
      pipeline: 'podcasts',
      params: { names: ['x'] },
      sources: ['bbc', 'feeds'],
    });
    await eventually('runs to end', async () => {
      const { body } = await supervisor.call<{ items: RunRecord[] }>('GET', '/runs');
      return body.items.every(({ finishedAt }) => finishedAt !== null) ? true : null;
    });
    const running = await start(supervisor, { names, hold });
    await eventually('downloads to start', async () => {
      const { body } = await supervisor.call<{ run: RunRecord }>('GET', `/runs/${running}`);
      return body.run.counts.running === 2 ? true : null;
    });
    await supervisor.call('POST', `/runs/${running}/pause`, { reason: 'the line is needed' });
    const sights = [
      ['runs', 'runs', '78 of 78'],
      ['runs-none', 'runs?state=canceled', 'No run matches this filter'],
      ['run', `runs/${done}`, '3 failed; the rest is done.'],
      ['run-stage', `runs/${done}?stage=download&state=failed`, 'Tasks of download'],
      ['run-stopped', `runs/${stopped}`, 'stopped this run'],
      ['run-pausing', `runs/${running}`, 'Pausing: 2 still running'],
      ['run-missing', 'runs/no-such-run', 'There is no such run'],
    ] as const;
    for (const [look, options] of Object.entries(LOOKS)) {
      const { page, errors } = await open('runs', options);
      for (const [name, path, sign] of sights) {
        await page.goto(`${supervisor.url}/${path}`);
        await page.getByText(sign).locator('visible=true').first().waitFor();
        await button(page, 'Live').waitFor();
        await check(t, page, axe, join(pictures, `${name}-${look}.png`), true);
      }
      await page.goto(`${supervisor.url}/runs`);
      await button(page, 'Start run: podcasts').click();
      await page.getByRole('dialog').getByText('collect → download → upload').waitFor();
      await check(t, page, axe, join(pictures, `run-start-${look}.png`));
      t.same(errors, [], 'no script failed and no policy was broken');
    }
  },
);
