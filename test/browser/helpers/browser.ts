/** Debian's Chromium, headless and quiet; a page that fails the test on any error or refused policy; and its pictures. */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { find } from '../../helpers/needs.ts';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name that is not this machine's: over plain HTTP the browser takes the page for one of a stranger.
  '--host-resolver-rules=MAP nightshift.test 127.0.0.1',
];

export async function launch(): Promise<Browser> {
  const executablePath = find('chromium');
  if (executablePath === null) throw new Error('there is no chromium here');
  return await chromium.launch({ executablePath, args: ARGUMENTS });
}

export interface Watched {
  readonly page: Page;
  /** Errors of scripts, of the policy and in the console, except those of a line that was cut. */
  readonly errors: string[];
}

const LINE_CUT = /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE|ERR_SOCKET|status of 4[012]\d/;

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !LINE_CUT.test(message.text())) errors.push(message.text());
  });
  await page.goto(url);
  return { page, errors };
}

/** Where the pictures go; `NIGHTSHIFT_SCREENSHOTS` names another folder. */
export async function pictureFolder(): Promise<string> {
  const folder = process.env['NIGHTSHIFT_SCREENSHOTS'] ?? join(tmpdir(), 'nightshift-screenshots');
  await mkdir(folder, { recursive: true });
  return folder;
}
