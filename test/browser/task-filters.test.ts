/** Filters that are asked for seldom, and what matches as a file. */
import { readFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import type { ConsoleServer } from './helpers/console-server.ts';
import { button, live, promise, rowOf } from './helpers/promise.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
const minute = 60_000;

/** Sixty of a group, and three that a schedule has submitted: one waits, one was short, one was long. */
function manyTasks({ facade }: ConsoleServer): void {
  for (let number = 0; number < 60; number++) {
    facade.add('thumbnail.make', { path: `${number}.png` }, { group: 'covers', tags: ['art'] });
  }
  const nightly = { origin: 'schedule:nightly', createdAt: '2026-01-15T01:30:00.000Z' } as const;
  facade.add('http.request', { url: 'https://example.org/waits', platform: 1 }, nightly);
  for (const [name, took, platform] of [
    ['short', 2 * minute, 1],
    ['long', 40 * minute, '1'],
  ] as const) {
    const id = facade.add('http.request', { url: `https://example.org/${name}`, platform }, nightly);
    facade.start(id, 'io-1', took);
    facade.succeed(id);
  }
}

const opener = (page: Page): Locator => button(page, 'More filters');
const field = (page: Page, name: string): Locator => page.getByLabel(name, { exact: true });
const chip = (page: Page, text: string): Locator => button(page, `Remove filter ${text}`);

async function apply(page: Page, values: Readonly<Record<string, string>>): Promise<void> {
  if ((await opener(page).getAttribute('aria-expanded')) === 'false') await opener(page).click();
  for (const [name, value] of Object.entries(values)) await field(page, name).fill(value);
  await page.keyboard.press('Enter');
}

async function saved(page: Page, link: string): Promise<{ name: string; text: string }> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: link }).click()]);
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

promise(
  'more filters are a click away, stand in the address and as chips, are taken away one by one, and hold for what is done with everything and for exports',
  { path: 'tasks', schedules: {}, prepare: manyTasks },
  async (t, { page, bed, facade }) => {
    await bed.desk.create(
      { name: 'nightly', task: { type: 'noop' }, when: { kind: 'daily', at: '02:00' } },
      { origin: 'http', from: null },
    );
    await page.getByText('63 tasks', { exact: true }).waitFor();
    await opener(page).click();
    await field(page, 'Schedule').and(page.locator(':focus')).waitFor();
    await page.locator('datalist option[value="nightly"]').waitFor({ state: 'attached' });
    await page.keyboard.press('Escape');
    await opener(page).and(page.locator(':focus')).waitFor();
    t.equal(await opener(page).getAttribute('aria-expanded'), 'false', 'Escape folds it again');

    await apply(page, { Schedule: 'nightly' });
    await page.waitForURL('**/tasks?schedule=nightly');
    await page.getByText('3 tasks', { exact: true }).waitFor();
    await apply(page, { 'Took at least': 'an hour' });
    await page.getByText('must be a duration such as 5m').waitFor();
    await field(page, 'Took at least').and(page.locator(':focus')).waitFor();
    t.equal(await page.getByRole('alert').count(), 0, 'a mistake is told once, at its field');
    await apply(page, { 'Took at least': '30m' });
    await page.getByText('1 task', { exact: true }).waitFor();
    await rowOf(page, 'long').waitFor();
    await chip(page, 'Took at least: 30m').click();
    await page.getByText('3 tasks', { exact: true }).waitFor();

    await apply(page, { 'Member of params': 'platform' });
    await page.getByText('must be name=value').waitFor();
    await apply(page, { 'Member of params': 'platform=1' });
    await page.getByText('2 tasks', { exact: true }).waitFor();
    t.equal(new URL(page.url()).searchParams.get('param'), '{"platform":1}', 'a number is a number');
    await apply(page, { 'Member of params': 'platform="1"' });
    await page.getByText('1 task', { exact: true }).waitFor();
    await rowOf(page, 'long').waitFor();
    await page.reload();
    await chip(page, 'Member of params: platform="1"').click();
    await page.getByText('3 tasks', { exact: true }).waitFor();

    await apply(page, { 'Created from': '2026-01-15T02:31' });
    await page.getByText('No task matches this filter').waitFor();
    t.equal(new URL(page.url()).searchParams.get('from'), '2026-01-15T01:31:00Z', 'in the zone of TIMEZONE');
    t.equal(await page.getByRole('link', { name: /^Export/ }).count(), 0, 'nothing is no file');
    await apply(page, { 'Created from': '2026-01-15T02:30', 'Created before': '2026-01-15T02:31', Origin: 'schedule' });
    await page.getByText('3 tasks', { exact: true }).waitFor();
    await page.getByText('Export all 3').waitFor();
    const csv = await saved(page, 'Export 3 tasks as CSV');
    t.equal(csv.name, 'tasks.csv');
    t.match(csv.text, /^id,type,state.*\r\n(.*http\.request.*\r\n){3}$/);

    await button(page, 'Clear filter').click();
    await page.waitForURL('**/tasks');
    await apply(page, { Group: 'covers', Tag: 'art,other' });
    await page.getByText('more than 50 tasks').waitFor();
    await page.getByText('Export all that match').waitFor();
    const lines = (await saved(page, 'Export all that match as NDJSON')).text.trim().split('\n');
    t.equal(lines.length, 60, 'what is on other pages as well');
    t.match(JSON.parse(lines[0] ?? ''), { type: 'thumbnail.make', params: { path: '59.png' } });
    await page.getByLabel('Select all on this page').check();
    await button(page, 'Select everything that matches').click();
    await button(page, 'Cancel').first().click();
    await button(page.getByRole('dialog'), 'Cancel 60 tasks').click();
    await page.getByText('60 tasks canceled').waitFor();
    t.equal((await facade.queue()).counts.queued, 1, 'and nothing else');
  },
);

promise(
  'on a phone they fit, and a file comes with the session that one looks by',
  {
    path: 'login?next=/tasks',
    settings: { token: 'first-token', loopbackOpen: false },
    look: PHONE,
    schedules: {},
    prepare: manyTasks,
  },
  async (t, { page }) => {
    await page.context().setExtraHTTPHeaders({ 'x-forwarded-for': '192.0.2.9' });
    const file = new URL('/api/v1/tasks/export?format=csv', page.url()).href;
    t.equal((await page.request.get(file)).status(), 401, 'nobody is given it without');
    await page.getByLabel('Token').fill('first-token');
    await button(page, 'Sign in').click();
    await live(page);
    await apply(page, { Schedule: 'nightly', 'Took less than': '1h' });
    await page.getByText('2 tasks', { exact: true }).waitFor();
    t.equal((await saved(page, 'Export 2 tasks as NDJSON')).text.trim().split('\n').length, 2);
    await opener(page).click();
    for (const part of ['.more-filters', '.set-filters', '.export']) {
      const box = await page.locator(part).boundingBox();
      t.ok(box && box.x >= 0 && box.x + box.width <= 390, `${part} is inside the page`);
    }
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    t.ok(overhang <= 0, 'nothing is wider than the phone');
  },
);
