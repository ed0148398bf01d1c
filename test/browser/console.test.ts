/** What the console promises to whoever sits before it, kept against a supervisor that does what the test says. */
import type { ConsoleServer } from './helpers/console-server.ts';
import { button, live, panel, promise, rowOf, word } from './helpers/promise.ts';

function fiveTasks({ facade }: ConsoleServer): void {
  for (let number = 0; number < 5; number++) facade.add('http.download', { url: `https://example.org/${number}` });
}

function seventyTasks({ facade }: ConsoleServer): void {
  for (let number = 0; number < 70; number++) {
    facade.add(number % 7 === 0 ? 'http.request' : 'http.download', { url: `https://example.org/${number}` });
  }
}

function sixtyAndOneFailure({ facade }: ConsoleServer): void {
  for (let number = 0; number < 60; number++) facade.add('thumbnail.make', { path: `${number}.png` });
  const id = facade.add('http.download', { url: 'https://example.org/c.mp3' });
  facade.start(id);
  facade.fail(id, 'no route to host');
}

function oneLine({ facade }: ConsoleServer): void {
  const id = facade.add('command.run', { program: 'backup' });
  facade.start(id);
  facade.say(id, 'line 1');
}

promise('a task added by form is seen to start, to move on and to end', {}, async (t, { page, facade }) => {
  await button(page, 'Add a task').click();
  const dialog = page.getByRole('dialog', { name: 'Add a task' });
  await dialog.getByLabel('Type').selectOption('http.download');
  t.match(await dialog.getByLabel('Params').inputValue(), 'https://example.org', 'params begin with an example');
  await dialog.getByLabel('Params').fill('{ "url": "https://example.org/a.mp3" }');
  await button(dialog, 'Add task').click();
  await page.getByText('Added http.download').waitFor();
  await dialog.waitFor({ state: 'detached' });

  const id = facade.newest('http.download');
  facade.start(id);
  const row = rowOf(panel(page, 'Running now'), 'a.mp3');
  await row.getByText('cpu-1').waitFor();
  facade.progress(id, 25, 100, 'a quarter');
  await word(row, '25 %').waitFor();
  await word(row, 'a quarter').waitFor();
  facade.succeed(id);
  await panel(page, 'Latest results').getByRole('row').filter({ hasText: 'Succeeded' }).waitFor();
  await panel(page, 'Running now').getByText('Nothing is running.').waitFor();
});

promise('files are named as people named them, not as addresses write them', {}, async (_t, { page, facade }) => {
  facade.start(facade.add('http.download', { url: 'https://example.org/03%20%E6%9C%88%E5%85%89.wav' }));
  facade.start(facade.add('http.download', { url: 'https://example.org/100%.wav' }));
  await page
    .getByRole('link', { name: /http\.download 03 月光\.wav · example\.org/ })
    .first()
    .waitFor();
  await page
    .getByRole('link', { name: /http\.download 100%\.wav · example\.org/ })
    .first()
    .waitFor();
});

promise(
  'a mistake stands at the field it is about, the page’s own and the server’s',
  {},
  async (t, { page, facade }) => {
    let answer = () => {};
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/api/v1/handlers', async (route) => {
      await asked;
      await route.continue();
    });
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await page.keyboard.press('n');
    const dialog = page.getByRole('dialog');
    const params = dialog.getByLabel('Params');
    await params.fill('{\n  "url": }');
    answer();
    const type = dialog.getByRole('combobox', { name: 'Type' });
    await type.selectOption('command.run');
    t.equal(await params.inputValue(), '{\n  "url": }', 'and what was written before the types came is left alone');
    await dialog.getByText('Not JSON at line 2, column 10').waitFor();
    await button(dialog, 'Add task').click();
    t.equal(await params.getAttribute('aria-invalid'), 'true');
    await params.fill('{}');
    await dialog.getByLabel('After a delay').first().check();
    const delay = dialog.getByRole('textbox', { name: 'After a delay' });
    await delay.fill('soon');
    await button(dialog, 'Add task').click();
    await dialog.getByText('must be a duration such as').waitFor();
    t.ok(await delay.evaluate((field) => field === document.activeElement), 'and has the focus');
    await delay.fill('2h');
    await dialog.getByText('More options').click();
    await dialog.getByLabel('Tags').fill('late, night');
    await button(dialog, 'Add task').click();
    await dialog.waitFor({ state: 'detached' });
    const task = await facade.task(facade.newest('command.run'));
    t.same([task?.state, task?.tags], ['scheduled', ['late', 'night']]);
  },
);

promise(
  'canceling asks first; a running task says that it is stopping until its attempt ends',
  {},
  async (t, { page, facade }) => {
    const id = facade.add('command.run', { program: 'backup' });
    facade.start(id);
    await button(panel(page, 'Running now'), /^Cancel: command.run/).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel this task?' });
    await button(dialog, 'Keep').click();
    t.equal((await facade.task(id))?.cancelRequestedAt, null, 'a no is a no');
    await button(panel(page, 'Running now'), /^Cancel: command.run/).click();
    await button(dialog, 'Cancel task').click();
    await page.getByText('Asked the attempt to stop').waitFor();
    await panel(page, 'Running now').getByRole('link', { name: 'command.run' }).click();
    await page.getByText('Stopping').waitFor();
    facade.end(id, 'canceled', 'canceled');
    await page.locator('.task-now').getByText('Canceled').waitFor();
  },
);

promise(
  'a failed task is retried without a question, and the way to it is one click',
  {},
  async (t, { page, facade }) => {
    const id = facade.add('http.download', { url: 'https://example.org/b.mp3' });
    facade.start(id);
    facade.fail(id, 'The server answered 503');
    const failures = panel(page, 'Last failures');
    await failures.getByText('The server answered 503').waitFor();
    await button(failures, /^Retry: http.download/).click();
    await page.getByText('Task queued again').waitFor();
    t.equal(facade.stateOf(id), 'queued');
    await failures.getByText('Nothing has failed.').waitFor();
    await button(page, 'Open').click();
    await page.waitForURL(`**/tasks/${id}`);
    await page.getByRole('heading', { name: 'http.download' }).waitFor();
  },
);

promise(
  'pausing takes a reason, which tells everybody why nothing runs; undo resumes',
  {},
  async (t, { page, facade }) => {
    const id = facade.add('http.request', { url: 'https://example.org/' });
    await button(page, 'Pause queue').click();
    await page.getByRole('dialog').getByLabel('Reason').fill('disk is being replaced');
    await page.keyboard.press('Enter');
    await page.getByText('The queue is paused: disk is being replaced').waitFor();
    t.equal(facade.paused, 'disk is being replaced');
    await page.goto(`${new URL(page.url()).origin}/tasks/${id}`);
    await panel(page, 'Why is this not running?').getByText('disk is being replaced').waitFor();
    await page.goBack();
    await button(page, 'Resume queue').click();
    await button(page, 'Pause queue').click();
    await button(page.getByRole('dialog'), 'Pause queue').click();
    await button(page, 'Undo').click();
    await button(page, 'Pause queue').waitFor();
    t.equal(facade.paused, null);
  },
);

promise(
  'some tasks, or all that match a filter, are acted on together after a preview',
  { path: 'tasks', prepare: seventyTasks },
  async (t, { page, facade }) => {
    await page.getByText('70 tasks').waitFor();
    await page.getByLabel('Select http.download 69 · example.org').check();
    await page.getByLabel('Select http.download 68 · example.org').check();
    await button(page, 'Run next').first().click();
    await page.getByText('2 tasks moved to the front').waitFor();
    await page.getByRole('combobox', { name: 'Type' }).selectOption('http.download');
    await page.getByText('more than 50 tasks').waitFor();
    t.match(page.url(), 'type=http.download', 'a filter is part of the address');
    await page.getByLabel('Select all on this page').check();
    await page.getByText('50 selected').waitFor();
    await button(page, 'Select everything that matches').click();
    await button(page, 'Cancel').first().click();
    const dialog = page.getByRole('dialog', { name: 'Cancel 60 tasks?' });
    await button(dialog, 'Cancel 60 tasks').click();
    await page.getByText('60 tasks canceled').waitFor();
    t.equal((await facade.queue()).counts.canceled, 60);
    t.equal((await facade.queue()).counts.queued, 10);
  },
);

promise(
  'a list is searched, paged and worked through by keyboard alone',
  { prepare: sixtyAndOneFailure },
  async (t, { page, facade }) => {
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.getByText('61 tasks').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('route');
    await page.getByText('1 task', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('r');
    await page.getByText('Task queued again').waitFor();
    t.equal(facade.stateOf(facade.newest('http.download')), 'queued');
    await page.goto(page.url().replace(/\?.*/, ''));
    await page.getByText('61 tasks').waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('1 selected').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/tasks/*');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('w');
    await page.getByRole('heading', { name: 'Workers' }).waitFor();
    await page.goto(`${new URL(page.url()).origin}/tasks`);
    await page.getByRole('link', { name: 'Older' }).click();
    await page.getByRole('link', { name: '0.png', exact: false }).last().waitFor();
  },
);

promise('a log is followed while it is written', { prepare: oneLine }, async (t, { page, facade }) => {
  const id = facade.newest('command.run');
  await panel(page, 'Running now').getByRole('link', { name: 'command.run' }).click();
  const log = page.getByRole('log');
  await log.getByText('line 1', { exact: true }).waitFor();
  for (let number = 2; number <= 80; number++) facade.say(id, `line ${number}`, number === 80 ? 'error' : 'info');
  await log.getByText('line 80').waitFor();
  t.ok(await log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 8), 'and stays at its end');
  await log.evaluate((box) => box.scrollTo(0, 0));
  await page.getByRole('button', { name: 'Follow', exact: true }).waitFor();
  facade.say(id, 'line 81');
  await log.getByText('line 81').waitFor({ state: 'attached' });
  t.equal(await log.evaluate((box) => box.scrollTop), 0, 'who scrolled away stays there');
  facade.fail(id, 'exit code 2', 'exit');
  await page.getByText('exit code 2').first().waitFor();
});

promise(
  'after the line was cut the page says so, comes back and is right',
  {},
  async (t, { page, facade, cut, mend }) => {
    const id = facade.add('http.download', { url: 'https://example.org/d.mp3' });
    facade.start(id);
    await panel(page, 'Running now').getByText('d.mp3').waitFor();
    cut();
    await page.getByText('The supervisor does not answer').first().waitFor();
    facade.succeed(id);
    for (let number = 0; number < 5; number++) facade.start(facade.add('thumbnail.make', { path: `${number}.png` }));
    mend();
    await live(page);
    await panel(page, 'Latest results').getByText('d.mp3').waitFor();
    await panel(page, 'Running now').getByText('4.png').waitFor();
    t.equal(await panel(page, 'Running now').getByRole('link').filter({ hasText: 'thumbnail' }).count(), 5);
  },
);

promise('a flood of events makes few questions and the last state is shown', {}, async (t, { page, facade }) => {
  await live(page);
  let questions = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/tasks')) questions++;
  });
  const began = performance.now();
  for (let number = 0; number < 3_000; number++) {
    const id = facade.add('thumbnail.make', { path: `${number}.png` });
    facade.start(id);
    facade.succeed(id);
    if (number % 100 === 0) await new Promise((next) => setImmediate(next));
  }
  await page.getByRole('link', { name: '3,000 Succeeded' }).waitFor();
  await panel(page, 'Latest results').getByText('2999.png').waitFor();
  const seconds = (performance.now() - began) / 1_000;
  t.ok(questions <= 4 * (seconds + 1) * 3, `${questions} questions in ${seconds.toFixed(1)} s for three lists`);
});

promise(
  'nothing moves under the pointer; what is new waits to be shown',
  { path: 'tasks', prepare: fiveTasks },
  async (t, { page, facade }) => {
    const row = rowOf(page, '2 · example.org');
    await live(page);
    await row.hover();
    const before = await row.boundingBox();
    facade.add('thumbnail.make', { path: 'new.png' });
    facade.start(facade.newest('http.download'));
    await page.getByText('1 new task').waitFor();
    await word(rowOf(page, '4 · example.org'), 'Running').waitFor();
    t.same(await row.boundingBox(), before, 'while what stands in the rows is kept true');
    await button(page, 'Show').click();
    await page.getByRole('link', { name: 'new.png' }).waitFor();
  },
);

promise(
  'who is not known signs in with the token; an ended session asks again and goes on',
  { settings: { token: 'first-token', loopbackOpen: false } },
  async (t, { page, forgetSessions }) => {
    await page.context().setExtraHTTPHeaders({ 'x-forwarded-for': '192.0.2.9' });
    await page.reload();
    await page.getByLabel('Token').fill('first-token');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await live(page);
    forgetSessions('second-token');
    await page.reload();
    await page.getByLabel('Token').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Token').fill('second-token');
    await page.keyboard.press('Enter');
    await live(page);
    forgetSessions('third-token');
    await page.getByText('This console asks for its token.').waitFor();
    await page.getByLabel('Token').fill('wrong');
    await button(page, 'Sign in').click();
    await page.getByText('This is not the token.').waitFor();
    await page.getByLabel('Token').fill('third-token');
    await button(page, 'Sign in').click();
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await live(page);
    await button(page, 'Sign out').click();
    await page.getByText('This console asks for its token.').waitFor();
    t.same(await page.context().cookies(), [], 'and whoever signs out leaves nothing behind');
  },
);

promise(
  'a reader is offered nothing it may not do',
  { path: 'tasks', settings: { loopbackOpen: false }, prepare: fiveTasks },
  async (t, { page }) => {
    await page.getByRole('link', { name: 'http.download' }).first().waitFor();
    await button(page, 'Add a task').waitFor({ state: 'detached' });
    t.equal(await button(page, /^(Cancel:|Add)/).count(), 0);
  },
);

promise(
  'it lives under a sub-path, over plain HTTP, and copies without the clipboard of secure pages',
  { path: 'tasks', settings: { base: '/night', allowedHosts: ['nightshift.test'] }, host: 'nightshift.test' },
  async (t, { page }) => {
    t.equal(await page.evaluate(() => isSecureContext), false);
    await page.getByText('No task yet').waitFor();
    t.match(
      await page.locator('.copyable').last().textContent(),
      'nightshift.test',
      'the command names the address that works from here',
    );
    await page.getByRole('button', { name: 'Copy' }).first().click();
    await page.getByText('Copied').waitFor();
    await page.getByRole('link', { name: 'Workers' }).click();
    await page.waitForURL('**/night/workers');
    await page.reload();
    await page.getByText('0 of 18 slots busy').waitFor();
    await live(page);
  },
);

promise(
  'language and theme are chosen by the browser, switched, and kept',
  { look: { locale: 'zh-CN', colorScheme: 'dark' } },
  async (t, { page }) => {
    await page.getByRole('heading', { name: '今夜' }).waitFor();
    t.equal(await page.locator('html').getAttribute('lang'), 'zh-Hans');
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();
    await page.getByLabel('主题').selectOption('light');
    t.not(await ground(), dark);
    await page.getByLabel('语言').selectOption('en');
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Tonight' }).waitFor();
    t.not(await ground(), dark);
  },
);

promise('live updates can be paused: the page keeps still until they are resumed', {}, async (_t, { page, facade }) => {
  await live(page);
  await page.keyboard.press('.');
  await button(page, 'Updates paused').waitFor();
  const id = facade.add('http.download', { url: 'https://example.org/e.mp3' });
  facade.start(id);
  await page.keyboard.press('.');
  await live(page);
  await panel(page, 'Running now').getByText('e.mp3').waitFor();
});
