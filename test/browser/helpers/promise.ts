/** One promise of the console to whoever sits before it: a supervisor, a server and a page of its own, and how a test points at things. */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import type { WebSettings } from '../../../web/settings.ts';
import type { DeskBed } from '../../helpers/desk.ts';
import { needs } from '../../helpers/needs.ts';
import type { SchedulesBed, SchedulesBedOptions } from '../../helpers/schedules-bed.ts';
import type { StoreBed } from '../../helpers/store-bed.ts';
import { launch, openPage } from './browser.ts';
import { type ConsoleServer, startConsole } from './console-server.ts';
import { type EnvGiven, openEnv } from './env.ts';
import { openSchedules } from './schedules.ts';
import { ScriptedFacade } from './scripted-facade.ts';
import { openStore } from './store.ts';

t.setTimeout(300_000);
let browser: Browser | undefined;
t.teardown(() => browser?.close());

export interface Seen extends ConsoleServer {
  readonly page: Page;
  /** Where a promise is about settings. */
  readonly desk: DeskBed;
  /** Where it is about schedules. */
  readonly bed: SchedulesBed;
  /** Where it is about the store. */
  readonly kept: StoreBed;
}
export interface Before {
  readonly path?: string;
  readonly settings?: Partial<WebSettings>;
  readonly host?: string;
  readonly look?: BrowserContextOptions;
  /** Settings over a real env file. */
  readonly env?: EnvGiven;
  /** The real scheduler on a clock moved by hand. */
  readonly schedules?: SchedulesBedOptions;
  /** The real store over a journal in memory, with this room in bytes. */
  readonly store?: number;
  prepare?(server: ConsoleServer, desk: DeskBed, bed: SchedulesBed, kept: StoreBed): void | Promise<void>;
}

/** Each promise has a supervisor, a server and a page of its own, and is broken by any error of a script or the policy. */
export function promise(name: string, before: Before, keep: (t: Test, seen: Seen) => Promise<void>): void {
  t.test(name, needs('chromium'), async (t) => {
    browser ??= await launch();
    const facade = new ScriptedFacade();
    const desk = before.env ? await openEnv(facade, before.env) : (null as never);
    const bed = before.schedules ? openSchedules(facade, before.schedules) : (null as never);
    const kept = before.store ? openStore(facade, before.store) : (null as never);
    const server = await startConsole(before.settings, facade, desk?.desk, bed?.desk, kept?.desk);
    await before.prepare?.(server, desk, bed, kept);
    const url = server.url.replace('127.0.0.1', before.host ?? '127.0.0.1');
    const { page, errors } = await openPage(browser, url + (before.path ?? ''), before.look);
    t.teardown(async () => {
      await page.context().close();
      await server.close();
      await desk?.end();
    });
    await keep(t, { ...server, page, desk, bed, kept });
    t.same(errors, [], 'no script failed and no policy was broken');
  });
}

export const panel = (page: Page, name: string): Locator => page.getByRole('region', { name, exact: true });
export const rowOf = (within: Page | Locator, text: string): Locator =>
  within.getByRole('row').filter({ hasText: text });
export const button = (within: Page | Locator, name: string | RegExp): Locator =>
  within.getByRole('button', { name, exact: true });
/** What narrow pages show at another place is there twice, once unseen. */
export const word = (within: Page | Locator, text: string): Locator =>
  within.getByText(text).locator('visible=true').first();
export const live = (page: Page): Promise<void> => button(page, 'Live').waitFor();
