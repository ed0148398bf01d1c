/** A supervisor for one test, gone when the test is over. */
import type { Test } from 'tap';
import { dataFolder, type Folder, type StartOptions, SupervisorProcess } from './supervisor-process.ts';

export function folderFor(t: Test, handlers: Readonly<Record<string, string>> = {}): Folder {
  const folder = dataFolder(handlers);
  t.teardown(() => folder.remove());
  return folder;
}

/** On a folder of its own. */
export async function startFor(
  t: Test,
  handlers: Readonly<Record<string, string>> = {},
  options: StartOptions = {},
): Promise<SupervisorProcess> {
  return startOn(t, folderFor(t, handlers), options);
}

/** On a folder that stays. */
export async function startOn(t: Test, folder: Folder, options: StartOptions = {}): Promise<SupervisorProcess> {
  const supervisor = await SupervisorProcess.start(folder, options);
  t.teardown(() => supervisor.kill());
  return supervisor;
}
