/**
 * How every page looks and reads: no barrier that axe knows of, in light and dark; nothing wider than a phone; and a
 * picture of each, for people to judge. Pictures go to the folder that is printed.
 */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import t from 'tap';
import { needs } from '../helpers/needs.ts';
import { launch, openPage, pictureFolder } from './helpers/browser.ts';
import { type ConsoleServer, startConsole } from './helpers/console-server.ts';
import { openEnv } from './helpers/env.ts';
import { check, LOOKS, readAxe } from './helpers/look.ts';
import { dream } from './helpers/night.ts';
import { openSchedules } from './helpers/schedules.ts';
import { ScriptedFacade } from './helpers/scripted-facade.ts';
import { openStore } from './helpers/store.ts';

interface Sight {
  readonly name: string;
  readonly path: string;
  /** What is there once the page is complete. */
  readonly sign: string;
  /** Signed in with the token, as settings are changed. */
  readonly owner?: true;
  /** Opens what is not open at first. */
  act?(page: Page): Promise<void>;
}

const token = 'token-of-the-owner';

async function signInAs(page: Page, url: string, owner: boolean): Promise<void> {
  if (owner) await page.context().request.post(`${url}api/v1/login`, { data: { token } });
  else await page.context().clearCookies();
}

/** @param schedule id of one */
function sights(server: ConsoleServer, schedule: string): readonly Sight[] {
  const night = dream(server.facade);
  return [
    { name: 'overview', path: '', sign: 'Recovered 12 tasks' },
    { name: 'tasks', path: 'tasks', sign: '32 tasks' },
    { name: 'tasks-none', path: 'tasks?q=no-such-text', sign: 'No task matches this filter' },
    { name: 'tasks-filters', path: FILTERED, sign: 'Member of params: platform=1', act: openFilters },
    { name: 'task-failed', path: `tasks/${night.failed}`, sign: '503 Service Unavailable, retry-after 120' },
    { name: 'task-running', path: `tasks/${night.running}`, sign: 'slow: 0.4 MiB/s' },
    { name: 'task-waiting', path: `tasks/${night.retrying}`, sign: 'Why is this not running?' },
    { name: 'schedules', path: 'schedules', sign: 'nightly' },
    { name: 'schedule', path: `schedules/${schedule}`, sign: 'Ledger' },
    { name: 'schedule-edit', path: `schedules/${schedule}/edit`, sign: 'Every day at 02:00' },
    { name: 'workers', path: 'workers', sign: '15 idle slots' },
    { name: 'handlers', path: 'handlers', sign: 'No handler of your own yet' },
    { name: 'settings-looked-at', path: 'settings', sign: 'You may look.' },
    { name: 'settings', path: 'settings', sign: 'in the environment overrides the file', owner: true },
    { name: 'settings-changed', path: 'settings', sign: 'Can be changed here', owner: true, act: changeSettings },
    { name: 'settings-none', path: 'settings?q=no-such-text', sign: 'No setting matches this filter', owner: true },
    { name: 'flags', path: 'settings/flags', sign: 'NIGHT_SYNC', owner: true },
    { name: 'revisions', path: 'settings/revisions', sign: '2 revisions', owner: true },
    { name: 'revision-apply', path: 'settings/revisions', sign: '2 revisions', owner: true, act: askToApply },
    { name: 'store', path: 'store', sign: 'feeds/42' },
    { name: 'store-edit', path: 'store', sign: 'feeds/42', act: openStored },
    { name: 'missing', path: 'tasks/no-such-task', sign: 'There is no such task' },
    { name: 'add', path: '', sign: 'Recovered 12 tasks', act: openAdd },
    { name: 'cancel', path: 'tasks', sign: '32 tasks', act: openCancel },
    { name: 'pages', path: 'workers', sign: '15 idle slots', act: openPages },
    { name: 'help', path: 'workers', sign: '15 idle slots', act: (page) => page.keyboard.press('?') },
  ];
}

const FILTERED = 'tasks?schedule=nightly&param=%7B%22platform%22%3A1%7D&from=2026-01-15T01:30:00Z&durationFrom=5m';

async function openFilters(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'More filters' }).click();
}

/** With what somebody else has set meanwhile. */
async function openStored(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'feeds/42', exact: true }).click();
  await page.getByLabel('Value').fill('{ "seen": [');
  const path = new URL('/api/v1/store/feeds%2F42', page.url()).href;
  await page.request.put(path, {
    data: { value: { seen: ['ep-9'] }, ttl: '3h' },
    headers: { origin: new URL(path).origin },
  });
  await page.getByText('Somebody else has changed this key since.').waitFor();
}

/** Where there is room for all of them there is nothing to open. */
async function openPages(page: Page): Promise<void> {
  const more = page.getByRole('button', { name: 'More pages' });
  if (await more.isVisible()) await more.click();
}

async function openAdd(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add a task' }).click();
  await page.getByLabel('Params').fill('{ "url": ');
  await page.getByText('More options').click();
}

async function changeSettings(page: Page): Promise<void> {
  await page.getByLabel('IO_WORKERS', { exact: true }).fill('99');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('must be a whole number from 1 to 16').waitFor();
}

async function askToApply(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Apply: r1' }).click();
  await page.getByRole('dialog').getByRole('table').waitFor();
}

const ENV = {
  text: 'WORKERS=3\nLIMITS=type:http.download=4,group:example.org=2\nHANDLER_API_KEY=a-secret\nFLAG_NIGHT_SYNC=true\n',
  environment: { NIGHTSHIFT_IO_CONCURRENCY: '32' },
};

const STORED: readonly (readonly [key: string, value: unknown, ttl?: string])[] = [
  ['feeds/42', { seen: ['ep-7', 'ep-8'], etag: 'W/"5f1c"', checkedAt: '2026-11-26T02:00:00Z' }, '3h'],
  ['feeds/43', { seen: [] }],
  ['library/夜航/a/very/long/path/to/a/folder/that/does/not/fit/into/one/line', { files: 48_211 }, '40d'],
  ['lock/library.sync', 'io-1', '90s'],
  ['visits', 41],
];

async function openCancel(page: Page): Promise<void> {
  const boxes = page.getByRole('checkbox');
  await boxes.nth(1).check();
  await boxes.nth(2).check();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
}

t.test('every page', needs('chromium'), async (t) => {
  const axe = await readAxe();
  const folder = await pictureFolder();
  t.comment(`pictures are in ${folder}`);
  const facade = new ScriptedFacade();
  const { desk, end } = await openEnv(facade, ENV);
  await desk.change(
    { WORKERS: '4' },
    { by: 'page', note: 'a long night', since: null },
    { origin: 'http', from: null },
  );
  const { desk: schedules } = openSchedules(facade);
  const { id } = await schedules.create(
    { name: 'nightly', task: { type: 'noop' }, when: { kind: 'daily', at: '02:00' } },
    { origin: 'http', from: null },
  );
  const { desk: store } = openStore(facade);
  const by = { origin: 'http', from: null };
  for (const [key, value, ttl] of STORED) await store.set({ key, value, ttl }, by);
  const server = await startConsole({ token }, facade, desk, schedules, store);
  const browser: Browser = await launch();
  t.teardown(async () => {
    await browser.close();
    await server.close();
    await end();
  });
  const all = sights(server, id);
  for (const [look, options] of Object.entries(LOOKS)) {
    const { page, errors } = await openPage(browser, server.url, options);
    for (const { name, path, sign, owner, act } of all) {
      await t.test(`${name} in ${look}`, async (t) => {
        await signInAs(page, server.url, owner === true);
        await page.goto(server.url + path);
        await page.getByText(sign).locator('visible=true').first().waitFor();
        await page.getByRole('button', { name: 'Live' }).waitFor();
        if (act) {
          await act(page);
          await page.getByRole('dialog').or(page.locator('.save-bar, .more-filters')).waitFor();
        }
        await check(t, page, axe, join(folder, `${name}-${look}.png`));
        // The page answers 404 for a task that is not there, which browsers report.
        t.same(errors.splice(0), [], 'no script failed and no policy was broken');
      });
    }
    await page.context().close();
  }
});

t.test('the first visit, with nothing in it, and the way in', needs('chromium'), async (t) => {
  const axe = await readAxe();
  const folder = await pictureFolder();
  const server = await startConsole({ token: 'secret' });
  const browser: Browser = await launch();
  t.teardown(async () => {
    await browser.close();
    await server.close();
  });
  const { page } = await openPage(browser, server.url, { colorScheme: 'dark' });
  await page.getByText('Nothing is running.').waitFor();
  await check(t, page, axe, join(folder, 'overview-empty.png'));
  await page.goto(`${server.url}tasks`);
  await page.getByText('No task yet').waitFor();
  await check(t, page, axe, join(folder, 'tasks-empty.png'));
  await page.context().setExtraHTTPHeaders({ 'x-forwarded-for': '192.0.2.9' });
  await page.goto(server.url);
  await page.getByLabel('Token').waitFor();
  await check(t, page, axe, join(folder, 'login.png'));
});
