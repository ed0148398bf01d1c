/** Settings on the page: what is shown of them, who may change them, and that nobody's change is lost or overwritten unseen. */
import { writeFile } from 'node:fs/promises';
import type { Locator, Page } from 'playwright-core';
import { ROWS } from '../../supervisor/settings/settings.ts';
import { button, live, panel, promise } from './helpers/promise.ts';
import { handler } from './helpers/scripted-task.ts';

const token = 'token-of-the-owner';
const owner = { settings: { token }, path: 'login?next=/settings' } as const;
const somebody = { origin: 'http', from: '192.0.2.7 (token)' } as const;
const byScript = { by: 'api', note: null, since: null } as const;

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await button(page, 'Sign in').click();
  await page.waitForURL('**/settings**');
  await live(page);
}

const row = (page: Page, key: string): Locator => page.locator(`[data-key="${key}"]`);
const field = (page: Page, key: string): Locator => page.getByLabel(key, { exact: true });

promise(
  'without a token one sees every setting, where it comes from and what is secret, and how one gets to change them',
  {
    settings: { token },
    path: 'settings',
    env: {
      text: 'WORKERS=3\nWEB_READ_TOKEN=a-secret-of-some-length\nHANDLER_CITY=Bonn\n',
      environment: { NIGHTSHIFT_IO_CONCURRENCY: '32' },
      flags: { WEB_PORT: '0' },
    },
  },
  async (t, { page, desk }) => {
    await row(page, 'WORKERS').getByText('from the file').waitFor();
    t.match((await row(page, 'WORKERS').textContent()) ?? '', /3Default: auto.*1 to 64.*threads/s);
    await row(page, 'IO_CONCURRENCY').getByText('NIGHTSHIFT_IO_CONCURRENCY in the environment overrides').waitFor();
    await row(page, 'WEB_PORT').getByText('The command line overrides the file').waitFor();
    await row(page, 'FSYNC').getByText('Needs a restart').waitFor();
    await row(page, 'WEB_READ_TOKEN').getByText('••••••••').waitFor();
    await row(page, 'WEB_READ_TOKEN').getByText('Secret').waitFor();
    await row(page, 'HANDLER_CITY').getByText('it reaches the handlers that declare it').waitFor();
    await panel(page, 'Changed in the file only').getByText(desk.file).waitFor();
    t.notMatch(await page.content(), 'a-secret-of-some-length');
    await page.getByText('Settings are changed by whoever signs in').waitFor();
    t.equal(await page.locator('main form').getByRole('textbox').count(), 0, 'and there is nothing to type into');
    await page.getByRole('main').getByRole('link', { name: 'Sign in' }).click();
    await signIn(page);
    await field(page, 'WORKERS').waitFor();
    const fileOnly = ROWS.filter((each) => each.fileOnly).map(({ key }) => key);
    t.ok(fileOnly.length > 10);
    for (const key of [...fileOnly, 'HANDLER_CITY']) {
      t.equal(await row(page, key).count(), 1, `${key} is shown`);
      const hands = row(page, key).locator('input, select, textarea, button');
      t.equal(await hands.count(), 0, `${key}, which only the file may change, stays a text`);
    }
  },
);

promise(
  '/ finds settings by key, value or meaning; the address keeps what was looked for',
  { settings: { token }, path: 'settings/revisions', env: { text: 'LOG_LEVEL=debug\n' } },
  async (t, { page }) => {
    await page.getByText('1 revision').waitFor();
    await page.keyboard.press('/');
    await page.waitForURL('**/settings');
    await page.keyboard.type('clock');
    await page.getByText('No setting matches this filter').waitFor();
    await page.getByRole('searchbox').fill('zone of the local');
    await page.getByText('1 setting', { exact: true }).waitFor();
    await row(page, 'TIMEZONE').waitFor();
    t.match(page.url(), 'q=zone');
    await button(page, 'Clear filter').click();
    await button(page, 'Not the default').click();
    await page.getByText('1 setting', { exact: true }).waitFor();
    await row(page, 'LOG_LEVEL').waitFor();
  },
);

promise(
  'several values are changed at once, with a note; the one taken out is the default again, and all of it can be undone',
  { ...owner, env: { text: '# mine\nWORKERS=2 # two\nLOG_LEVEL=info\n' } },
  async (t, { page, desk }) => {
    await signIn(page);
    await field(page, 'IO_WORKERS').fill('4');
    await field(page, 'LOG_LEVEL').selectOption('debug');
    await button(page, 'Back to default: WORKERS').click();
    await row(page, 'WORKERS').getByText('will be taken out of the file').waitFor();
    await row(page, 'IO_WORKERS').getByText('in force: 1').waitFor();
    await field(page, 'FSYNC').selectOption('everysec');
    await button(page, 'Undo: FSYNC').click();
    const bar = panel(page, 'What you have changed');
    await bar.getByText('3 changes').waitFor();
    await page.getByRole('link', { name: 'Workers', exact: true }).click();
    await page.getByRole('heading', { name: 'Workers' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await bar.getByText('3 changes').waitFor();
    await bar.getByLabel('Note').fill('for the night');
    await button(bar, 'Save').click();
    await page.getByText('Saved as r2').waitFor();
    await bar.waitFor({ state: 'detached' });
    t.equal(await desk.content(), '# mine\nLOG_LEVEL=debug\nIO_WORKERS=4\n');
    t.match(desk.live.revision, { by: 'page', note: 'for the night' });
    t.equal(await field(page, 'WORKERS').inputValue(), 'auto');
    await button(page, 'Undo').click();
    await page.getByText('r1 applied again, as r3').waitFor();
    t.equal(await desk.content(), '# mine\nWORKERS=2 # two\nLOG_LEVEL=info\n');
  },
);

promise(
  'what cannot be is said at its field, which has the focus; what waits for a restart says so',
  { ...owner, env: {} },
  async (t, { page, desk }) => {
    await signIn(page);
    await field(page, 'IO_WORKERS').fill('99');
    await field(page, 'FSYNC').selectOption('everysec');
    await button(page, 'Save').click();
    await row(page, 'IO_WORKERS').getByText('must be a whole number from 1 to 16').waitFor();
    await field(page, 'IO_WORKERS').and(page.locator(':focus')).waitFor();
    t.equal(await desk.content(), '', 'and nothing is saved');
    await button(page, 'Undo: IO_WORKERS').click();
    await button(page, 'Save').click();
    await page.getByText('FSYNC: holds from the next start').waitFor();
    await row(page, 'FSYNC').getByText('Waits for the next start').waitFor();
  },
);

promise(
  'who saves over a change of somebody else is told, loads it, and has lost nothing of what was typed',
  { ...owner, env: { text: 'WORKERS=2\n' } },
  async (t, { page, desk }) => {
    await signIn(page);
    await button(page, 'Live').click();
    await field(page, 'WORKERS').fill('5');
    await desk.desk.change({ WORKERS: '7', IO_WORKERS: '3' }, byScript, somebody);
    await button(page, 'Save').click();
    await page.getByText('Somebody else has changed the settings meanwhile.').waitFor();
    t.equal(await desk.content(), 'WORKERS=7\nIO_WORKERS=3\n');
    await button(page, 'Load anew').click();
    await row(page, 'WORKERS').getByText('in force: 7').waitFor();
    t.equal(await field(page, 'WORKERS').inputValue(), '5');
    t.equal(await field(page, 'IO_WORKERS').inputValue(), '3');
    await button(page, 'Save').click();
    await page.getByText('Saved as r3').waitFor();
    t.equal(await desk.content(), 'WORKERS=5\nIO_WORKERS=3\n');
  },
);

promise(
  'a change of the file is seen at once, and one that is wrong with its line',
  { ...owner, env: { text: 'WORKERS=2\n' } },
  async (_t, { page, desk, facade }) => {
    await signIn(page);
    await writeFile(desk.file, 'WORKERS=4\n');
    await desk.live.look();
    await page.waitForFunction(
      () => document.querySelector<HTMLInputElement>('[data-key="WORKERS"] input')?.value === '4',
    );
    await writeFile(desk.file, 'WORKERS=4\nLIMITS=nonsense\n');
    await desk.live.look();
    const since = facade.iso();
    facade.health = [{ code: 'settings_wrong', severity: 'error', message: 'LIMITS', action: 'Correct it.', since }];
    const told = panel(page, 'The file is not taken; the last good settings stay in force');
    await told.getByText('line 2').waitFor();
    await told.getByText(`Correct ${desk.file}`).waitFor();
  },
);

promise(
  'a key that is none is named where settings are, with the one that was probably meant',
  { path: 'settings', env: { text: 'WORKRES=2\n' } },
  async (_t, { page, facade }) => {
    const message = 'Not taken: nightshift.env line 1: WORKRES is not a setting: did you mean WORKERS?';
    facade.health = [
      { code: 'settings_unknown:WORKRES', severity: 'warning', message, action: 'Correct it.', since: facade.iso() },
    ];
    await page.getByRole('main').getByText('did you mean WORKERS?').waitFor();
    await page.getByRole('main').getByText('Correct it.').waitFor();
  },
);

promise(
  'in Chinese, settings say in Chinese what they are for, and are found by that',
  { path: 'settings', env: {} },
  async (t, { page }) => {
    await page.getByLabel('Language').selectOption('zh');
    await row(page, 'WORKERS').getByText('执行计算型任务的工作线程数').waitFor();
    t.match((await row(page, 'IO_WORKERS').textContent()) ?? '', /默认：1 · 1 至 16 \(线程\)/);
    await page.getByRole('searchbox').fill('文件中一律为');
    await page.getByText('1 项设置', { exact: true }).waitFor();
    await row(page, 'TIMEZONE').waitFor();
    await page.getByRole('searchbox').fill('zone of the local');
    await row(page, 'TIMEZONE').waitFor();
  },
);

promise(
  'a flag is switched, says what needs it, and can be added before anybody names it',
  {
    settings: { token },
    path: 'login?next=/settings/flags',
    env: { handlers: [handler('library.sync', 'io', { builtIn: false, flag: 'NIGHT_SYNC' })] },
  },
  async (t, { page, desk }) => {
    await signIn(page);
    const flags = panel(page, 'Feature flags');
    await flags.getByText('library.sync').locator('visible=true').waitFor();
    await flags.getByText('nobody has set it').waitFor();
    await flags.getByRole('switch', { name: 'NIGHT_SYNC' }).click();
    await page.getByText('NIGHT_SYNC is on').waitFor();
    t.equal(await desk.content(), 'FLAG_NIGHT_SYNC=true\n');
    await button(page, 'Undo').click();
    await flags.getByText('nobody has set it').waitFor();
    const form = page.getByRole('form', { name: 'Add a flag' });
    await form.getByLabel('Name').fill('tomorrow');
    await button(form, 'Add and switch on').click();
    await form.getByText('must be a name of capital letters').waitFor();
    await form.getByLabel('Name').fill('TOMORROW');
    await button(form, 'Add and switch on').click();
    await flags.getByRole('switch', { name: 'TOMORROW', checked: true }).waitFor();
    await button(flags, 'Take out: TOMORROW').click();
    await flags.getByText('TOMORROW').waitFor({ state: 'detached' });
    t.equal(await desk.content(), '');
  },
);

promise(
  'revisions say who changed what; one is compared, and applied again after its differences were shown',
  {
    settings: { token },
    path: 'login?next=/settings/revisions',
    env: { text: 'WORKERS=2\n' },
    async prepare(_server, { desk }) {
      await desk.change({ WORKERS: '3' }, { ...byScript, note: 'for the night' }, somebody);
      await desk.change({ LOG_LEVEL: 'debug' }, byScript, somebody);
    },
  },
  async (t, { page, desk }) => {
    await signIn(page);
    const list = panel(page, 'Revisions');
    const second = list.getByRole('row').filter({ hasText: 'for the night' });
    await second.getByText('192.0.2.7 (token)').waitFor();
    await list.getByRole('row').filter({ hasText: 'In force' }).getByText('LOG_LEVEL').waitFor();
    t.match(await second.locator('time').getAttribute('title'), 'Europe/Berlin');
    await button(list, 'Show changes: r1').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('row', { name: 'WORKERS not set 2' }).waitFor();
    await dialog.getByLabel('what is in force (r3)').check();
    await dialog.getByRole('row', { name: 'WORKERS 3 2' }).waitFor();
    await button(dialog, /^Apply: r1/).click();
    const question = page.getByRole('dialog', { name: 'Apply r1 again?' });
    await question.getByRole('row', { name: 'LOG_LEVEL debug not set' }).waitFor();
    await button(question, 'Keep').click();
    t.equal(desk.live.revision?.id, 'r3', 'a no is a no');
    await button(list, 'Apply: r1').click();
    await question.getByLabel('Note').fill('back');
    await button(question, 'Apply r1').click();
    await page.getByText('r1 applied again, as r4').waitFor();
    await list.getByRole('row').filter({ hasText: 'In force' }).getByText('back').waitFor();
    t.equal(await desk.content(), 'WORKERS=2\n');
    await button(list, 'Apply: r1').click();
    await question.getByText('r1 holds what is in force').waitFor();
    t.ok(await button(question, 'Apply r1').isDisabled());
  },
);

promise(
  'what only the file may change is not applied from the page; older revisions are a page further',
  {
    settings: { token },
    path: 'login?next=/settings/revisions',
    env: { text: 'ALLOW_SHELL=true\n' },
    async prepare(_server, { desk, live: inForce, file }) {
      await writeFile(file, 'ALLOW_SHELL=false\n');
      await inForce.look();
      for (let workers = 2; workers < 28; workers++) await desk.change({ WORKERS: `${workers}` }, byScript, somebody);
    },
  },
  async (t, { page }) => {
    await signIn(page);
    await page.getByText('28 revisions').waitFor();
    await page.getByRole('link', { name: 'Older' }).click();
    await button(page, 'Apply: r1').click();
    const question = page.getByRole('dialog', { name: 'Apply r1 again?' });
    await question.getByText('ALLOW_SHELL would change, which only the owner of').waitFor();
    t.ok(await button(question, 'Apply r1').isDisabled());
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Newest' }).click();
    await button(page, 'Show changes: r28').waitFor();
  },
);
