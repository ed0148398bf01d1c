/** Who may do what on the page, how one gets in and out, and what stands at an address of nothing. */
import type { Page } from 'playwright-core';
import { button, live, panel, promise } from './helpers/promise.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await button(page, 'Sign in').click();
  await live(page);
}

promise(
  'who may only look is told so, with the way to more; keys it may not use are not offered',
  { path: 'tasks?state=queued', settings: { token: 'first-token', loopbackOpen: false } },
  async (t, { page }) => {
    await page.getByText('Read only').waitFor();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard' });
    await help.getByText('This help').waitFor();
    t.equal(await help.getByText('Add a task').count(), 0);
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Sign in' }).click();
    await signIn(page, 'first-token');
    await page.waitForURL('**/tasks?state=queued');
    await button(page, 'Add a task').waitFor();
    t.equal(await page.getByText('Read only').count(), 0);
    await button(page, 'Sign out').click();
    await page.getByText('Read only').waitFor();
    t.match(page.url(), 'tasks?state=queued', 'and whoever may look without a session goes on looking');
  },
);

for (const [where, look] of [
  ['beside a wide page', {}],
  ['on a phone', PHONE],
] as const) {
  promise(
    `the way out is within reach ${where}`,
    { path: 'login', settings: { token: 'first-token' }, look },
    async (t, { page }) => {
      await signIn(page, 'first-token');
      const frame = await page.locator('.side').boundingBox();
      const out = await button(page, 'Sign out').boundingBox();
      const [left = 0, right = 0] = frame ? [frame.x, frame.x + frame.width] : [];
      t.ok(out && out.x >= left && out.x + out.width <= right, 'and inside its frame');
      await button(page, 'Sign out').click();
      await button(page, 'Sign out').waitFor({ state: 'detached' });
    },
  );
}

promise(
  'the way in looks and reads the same, whoever makes it, in the language of the browser',
  { settings: { token: 'first-token' }, look: { locale: 'zh-CN' } },
  async (t, { page, forgetSessions }) => {
    await page.context().setExtraHTTPHeaders({ 'x-forwarded-for': '192.0.2.9' });
    await page.reload();
    const form = page.locator('form');
    const seen = async () => {
      const parts = ['h1', 'p', 'label', 'input[type=password]', 'small', 'button'];
      const boxes = await Promise.all(parts.map((part) => form.locator(part).boundingBox()));
      return { text: (await form.innerText()).replace(/\s+/g, ' '), boxes };
    };
    await page.getByText('此控制台需要令牌。').waitFor();
    const made = await seen();
    await page.getByLabel('令牌').fill('first-token');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '今夜' }).waitFor();
    forgetSessions('second-token');
    await page.getByText('此控制台需要令牌。').waitFor();
    t.same(await seen(), made);
  },
);

promise('an address of nothing is a page that says so, with its status', {}, async (t, { page }) => {
  for (const path of ['nope', 'nope/deeper?x=1', 'workers/none', '%zz']) {
    const answer = await page.goto(`${new URL(page.url()).origin}/${path}`);
    t.equal(answer?.status(), path.startsWith('workers') ? 200 : 404, path);
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
  }
  await page.getByRole('link', { name: 'Tonight' }).click();
  await panel(page, 'Running now').waitFor();
});
