/** A promise of the console that the real program keeps: a supervisor on a data folder of its own, and a page on it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { needs } from '../../helpers/needs.ts';
import { folderFor, startOn } from '../../helpers/supervised.ts';
import type { Folder, SupervisorProcess } from '../../helpers/supervisor-process.ts';
import { launch, openPage } from './browser.ts';

t.setTimeout(300_000);
let browser: Browser | undefined;
t.teardown(() => browser?.close());

export interface Shown {
  readonly page: Page;
  readonly supervisor: SupervisorProcess;
  readonly folder: Folder;
  /** Writes a file below the data folder. */
  write(path: string, text: string): void;
  /** Another page on the same supervisor, and the errors of its scripts. */
  open(path: string, look?: BrowserContextOptions): Promise<{ readonly page: Page; readonly errors: string[] }>;
}

interface Given {
  /** Below the data folder, there from the start. */
  readonly files: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly path?: string;
  readonly look?: BrowserContextOptions;
  prepare?(supervisor: SupervisorProcess): Promise<void>;
}

/** It is broken by any error of a script or the policy. */
export function onProgram(name: string, given: Given, keep: (t: Test, shown: Shown) => Promise<void>): void {
  t.test(name, needs('chromium'), async (t) => {
    const used = await (async () => (browser ??= await launch()))();
    const folder = folderFor(t);
    const write = (path: string, text: string) => {
      mkdirSync(dirname(join(folder.dir, path)), { recursive: true });
      writeFileSync(join(folder.dir, path), text);
    };
    for (const [path, text] of Object.entries(given.files)) write(path, text);
    const supervisor = await startOn(t, folder, { settings: given.settings ?? {} });
    await given.prepare?.(supervisor);
    const open = async (path: string, look?: BrowserContextOptions) => {
      const opened = await openPage(used, `${supervisor.url}/${path}`, look);
      t.teardown(() => opened.page.context().close());
      return opened;
    };
    const { page, errors } = await open(given.path ?? '', given.look);
    await keep(t, { page, supervisor, folder, write, open });
    t.same(errors, [], 'no script failed and no policy was broken');
  });
}
