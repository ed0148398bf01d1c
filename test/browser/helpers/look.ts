/** How a page looks and reads: no barrier that axe knows of, nothing wider than the page, and a picture for people to judge. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Test } from 'tap';

export const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true },
};

export function readAxe(): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
}

async function barriers(page: Page, axe: string): Promise<string[]> {
  await page.evaluate(axe);
  // What is below an open dialog is checked without it.
  const where = "document.querySelector('dialog[open]') ?? document";
  const results = (await page.evaluate(`axe.run(${where}, { resultTypes: ['violations'] })`)) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`),
  );
}

/** @param whole the picture has all of the page, not only what is seen at first */
export async function check(t: Test, page: Page, axe: string, picture: string, whole = false): Promise<void> {
  const overhang = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  t.ok(overhang <= 0, `nothing is wider than the page (${overhang} px)`);
  t.same(await barriers(page, axe), [], 'axe finds no violation');
  await page.screenshot({ path: picture, fullPage: whole });
}
