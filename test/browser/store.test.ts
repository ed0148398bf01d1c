/** The store on the page: what is kept and until when, and that nothing of somebody else is overwritten unseen. */
import type { Locator, Page } from 'playwright-core';
import type { StoreBed } from '../helpers/store-bed.ts';
import { button, live, promise, rowOf } from './helpers/promise.ts';

const mebibyte = 1_048_576;
const me = { origin: 'http', from: '192.0.2.7 (token)' } as const;
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

const put = (kept: StoreBed, key: string, value: unknown, ttl?: string) =>
  kept.desk.set({ key, value, ...(ttl !== undefined && { ttl }) }, me);
const heldBy = async (kept: StoreBed, key: string): Promise<unknown> => {
  const stored = await kept.desk.get(key);
  return stored && JSON.parse(stored.value);
};
const undo = (page: Page): Promise<void> => button(page, 'Undo').last().click();
const dialogOf = (page: Page, name: string): Locator => page.getByRole('dialog', { name, exact: true });

async function someKeys(_server: unknown, _desk: unknown, _bed: unknown, kept: StoreBed): Promise<void> {
  await put(kept, 'feeds/42', { seen: ['ep-7'] }, '2h');
  await put(kept, 'feeds/43', { seen: [] });
  await put(kept, 'visits', 41);
}

promise(
  'keys say what they hold, until when, and how full the store is; they are found by their beginning, set, added to and deleted, each with a way back',
  { path: 'store', store: mebibyte, prepare: someKeys },
  async (t, { page, kept, facade }) => {
    const feed = rowOf(page, 'feeds/42');
    await feed.getByText('{"seen":["ep-7"]}').locator('visible=true').waitFor();
    await feed
      .getByText(/^(2 h|1 h 59 min) left$/)
      .locator('visible=true')
      .waitFor();
    const ends = new Date((await kept.desk.get('feeds/42'))?.expiresAt ?? 0);
    const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: facade.timezone }).format(ends);
    t.match(await feed.locator('time').locator('visible=true').first().textContent(), clock, 'in the zone of TIMEZONE');
    await rowOf(page, 'feeds/43').getByText('never').waitFor();
    await page.getByText('1 MiB', { exact: false }).waitFor();
    t.match(await page.locator('.store-usage').textContent(), /^3 keys.* B of 1 MiB$/);

    await live(page);
    await put(kept, 'feeds/44', 'by a task');
    await rowOf(page, 'feeds/44').getByText('"by a task"').locator('visible=true').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('feeds/');
    await page.waitForURL('**/store?prefix=feeds/');
    await rowOf(page, 'visits').waitFor({ state: 'detached' });
    await page.getByText('3 keys', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await dialogOf(page, 'feeds/42').waitFor();
    await page.keyboard.press('Escape');

    await button(page, 'Set a key').click();
    const made = dialogOf(page, 'Set a key');
    await button(made, 'Set key').click();
    await made.getByText('is required').waitFor();
    await made.getByLabel('Key', { exact: true }).fill('feeds/50');
    await made.getByLabel('Value').fill('{ "seen": [');
    await made.getByText(/^Not JSON at line 1/).waitFor();
    await made.getByLabel('Value').fill('{ "seen": 1 }');
    await made.getByLabel('After a time').check();
    await made.getByRole('textbox', { name: 'After a time' }).fill('soon');
    await button(made, 'Set key').click();
    await made.getByText('must be seconds or a duration such as').waitFor();
    await made.getByRole('textbox', { name: 'After a time' }).fill('7d');
    await button(made, 'Set key').click();
    await page.getByText('feeds/50 is set').waitFor();
    t.same(await heldBy(kept, 'feeds/50'), { seen: 1 });
    await undo(page);
    await rowOf(page, 'feeds/50').waitFor({ state: 'detached' });
    t.equal(await kept.desk.get('feeds/50'), null, 'what was made is taken away again');

    await button(page, 'Edit: feeds/42').click();
    const edited = dialogOf(page, 'feeds/42');
    t.ok(await edited.getByLabel(/^As it is/).isChecked(), 'an end stays what it is unless somebody says otherwise');
    await edited.getByLabel('Value').fill('{ "seen": ["ep-8"] }');
    await button(edited, 'Set key').click();
    await page.getByText('feeds/42 is set').waitFor();
    t.same(await heldBy(kept, 'feeds/42'), { seen: ['ep-8'] });
    const off = ((await kept.desk.get('feeds/42'))?.expiresAt ?? 0) - ends.getTime();
    t.ok(Math.abs(off) < 60_000, `its end is ${off} ms off`);
    await undo(page);
    await rowOf(page, 'feeds/42').getByText('ep-7').locator('visible=true').waitFor();

    await button(page, 'Delete: feeds/43').click();
    const sure = dialogOf(page, 'Delete feeds/43?');
    await button(sure, 'Keep').click();
    t.same(await heldBy(kept, 'feeds/43'), { seen: [] }, 'a no is a no');
    await button(page, 'Delete: feeds/43').click();
    await button(sure, 'Delete key').click();
    await rowOf(page, 'feeds/43').waitFor({ state: 'detached' });
    t.equal(await kept.desk.get('feeds/43'), null);
    await undo(page);
    await rowOf(page, 'feeds/43').waitFor();

    await page.goto(page.url().replace(/\?.*/, ''));
    await button(page, 'Add to it: visits').click();
    const count = dialogOf(page, 'Add to visits');
    await count.getByLabel('Add').fill('a few');
    await button(count, 'Add to it').click();
    await count.getByText('must be a whole number').waitFor();
    await count.getByLabel('Add').fill('-2');
    await button(count, 'Add to it').click();
    await page.getByText('visits is 39').waitFor();
    await kept.desk.increment({ key: 'visits', by: 10 }, me);
    await undo(page);
    await page.getByText('visits is 39').waitFor({ state: 'detached' });
    await rowOf(page, 'visits').getByText('51').locator('visible=true').waitFor();
    t.equal(await heldBy(kept, 'visits'), 51, 'what somebody else added meanwhile counts');
  },
);

promise(
  'an edit says when somebody else has changed the key since, keeps what was typed, and overwrites nothing unseen',
  { path: 'store', store: mebibyte, prepare: someKeys },
  async (t, { page, kept }) => {
    await live(page);
    await button(page, 'Edit: feeds/42').click();
    const dialog = dialogOf(page, 'feeds/42');
    await put(kept, 'feeds/42', { seen: ['ep-8'] });
    await page.waitForFunction(() =>
      document.querySelector<HTMLTextAreaElement>('dialog textarea')?.value.includes('ep-8'),
    );
    t.equal(await dialog.getByRole('alert').count(), 0, 'where nothing was typed the newest is shown');
    await dialog.getByLabel('Value').fill('"mine"');
    await put(kept, 'feeds/42', { seen: ['ep-9'] });
    await dialog.getByText('Somebody else has changed this key since.').waitFor();
    await dialog.getByText('{"seen":["ep-9"]}').waitFor();
    t.ok(await button(dialog, 'Set key').isDisabled());
    t.equal(await dialog.getByLabel('Value').inputValue(), '"mine"');
    await button(dialog, 'Take theirs').click();
    t.match(await dialog.getByLabel('Value').inputValue(), 'ep-9');
    await dialog.getByLabel('Value').fill('"mine"');
    await put(kept, 'feeds/42', { seen: ['ep-10'] });
    await button(dialog, 'Keep mine').click();
    await button(dialog, 'Set key').click();
    await page.getByText('feeds/42 is set').waitFor();
    t.equal(await heldBy(kept, 'feeds/42'), 'mine');

    // With updates paused the page hears of nothing: the server has the last word.
    await page.keyboard.press('.');
    await button(page, 'Updates paused').waitFor();
    await button(page, 'Edit: feeds/43').click();
    const second = dialogOf(page, 'feeds/43');
    await second.getByLabel('Value').fill('"mine"');
    await put(kept, 'feeds/43', 'theirs');
    await button(second, 'Set key').click();
    await second.getByText('Somebody else has changed this key since.').waitFor();
    await second.getByText('"theirs"').waitFor();
    t.equal(await heldBy(kept, 'feeds/43'), 'theirs');
    await kept.desk.delete('feeds/43', null, me);
    await button(second, 'Keep mine').click();
    await button(second, 'Set key').click();
    await second.getByText('This key is gone').waitFor();
    await button(second, 'Keep mine').click();
    await button(second, 'Set key').click();
    await page.getByText('feeds/43 is set').waitFor();
    t.equal(await heldBy(kept, 'feeds/43'), 'mine');

    await button(page, 'Set a key').click();
    const made = dialogOf(page, 'Set a key');
    await made.getByLabel('Key', { exact: true }).fill('visits');
    await made.getByLabel('Value').fill('0');
    await button(made, 'Set key').click();
    await made.getByText('Somebody else has set this key already.').waitFor();
    t.equal(await heldBy(kept, 'visits'), 41);
    await page.keyboard.press('Escape');
    const asked = dialogOf(page, 'Discard this value?');
    await button(asked, 'Go on writing').click();
    await button(made, 'Take theirs').click();
    t.equal(await made.getByLabel('Value').inputValue(), '41');
    await made.getByLabel('Key', { exact: true }).fill('visits/new');
    await button(made, 'Set key').click();
    await page.getByText('visits/new is set').waitFor();

    await put(kept, 'lock', 'held', '3s');
    await page.keyboard.press('.');
    await live(page);
    await rowOf(page, 'lock').waitFor();
    kept.pass(3_001);
    await rowOf(page, 'lock').waitFor({ state: 'detached' });
  },
);

promise(
  'who may only look sees whole values and nothing to press; long lists come in pages, and a store that is nearly full says so, in Chinese and on a phone as well',
  {
    path: 'store',
    store: 2_000,
    settings: { loopbackOpen: false },
    look: { ...PHONE, locale: 'zh-CN' },
    async prepare(_server, _desk, _bed, kept) {
      for (let number = 0; number < 60; number++) await put(kept, `key/${number}`.padEnd(24, '-'), number);
      await put(kept, 'a-long-one', { text: 'x'.repeat(300) });
    },
  },
  async (t, { page }) => {
    await page.getByRole('heading', { name: '存储' }).waitFor();
    await page.getByText('存储已用 93 %').waitFor();
    await page.getByText('只读').waitFor();
    t.equal(
      await page
        .getByRole('main')
        .getByRole('button', { name: /写入|编辑|删除|增加/ })
        .count(),
      0,
    );
    t.equal(await rowOf(page, 'key/').count(), 49);
    await button(page, 'a-long-one').click();
    const dialog = dialogOf(page, 'a-long-one');
    await dialog.getByText('x'.repeat(300)).waitFor();
    t.equal(await dialog.getByRole('textbox').count(), 0);
    await page.keyboard.press('Escape');
    const overhang = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    t.ok((await overhang()) <= 0, 'nothing is wider than the phone');
    await page.getByRole('link', { name: '下一页' }).click();
    await page.getByRole('link', { name: '首页' }).waitFor();
    t.equal(await rowOf(page, 'key/').count(), 11);
    await page.getByRole('searchbox').fill('nothing/');
    await page.getByText('没有以此开头的键').waitFor();
  },
);
