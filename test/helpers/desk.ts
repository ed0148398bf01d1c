/** The desk of the settings over a real env file in a folder of its own. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { machineClock } from '../../supervisor/clock.ts';
import { type Adopted, LiveSettings } from '../../supervisor/settings/live.ts';
import { loadSettings } from '../../supervisor/settings/load.ts';
import { SettingsDesk } from '../../supervisor/settings-desk.ts';

export interface DeskBed {
  readonly desk: SettingsDesk;
  readonly live: LiveSettings;
  readonly file: string;
  readonly adopted: readonly Adopted[];
  content(): Promise<string>;
  end(): Promise<void>;
}

export interface DeskGiven {
  /** Variables of the environment, and settings of the command line by key. */
  readonly environment: Readonly<Record<string, string>>;
  readonly flags: Readonly<Record<string, string>>;
  /** Names of schedules with the feature flag each depends on. */
  readonly schedules: readonly { readonly name: string; readonly flag: string | null }[];
  /** Told what comes into force. */
  heard(adopted: Adopted): void;
}

/** @param handlers types with the feature flag each depends on */
export async function openDesk(
  text = '',
  handlers: readonly { readonly type: string; readonly flag: string | null }[] = [],
  given: Partial<DeskGiven> = {},
): Promise<DeskBed> {
  const dir = await mkdtemp(join(tmpdir(), 'nightshift-desk-'));
  const file = join(dir, 'nightshift.env');
  await writeFile(file, text, { mode: 0o600 });
  const { environment = {}, flags = {}, schedules = [] } = given;
  const loaded = await loadSettings({ dataDir: dir, environment, flags });
  const adopted: Adopted[] = [];
  const live = new LiveSettings({
    loaded,
    clock: machineClock,
    health: { raise() {}, clear() {} },
    log: { info() {} },
    inUse: () => new Set(),
    adopted(one) {
      adopted.push(one);
      given.heard?.(one);
    },
  });
  const desk = new SettingsDesk(
    live,
    () => handlers,
    () => schedules,
    async () => {},
  );
  return {
    desk,
    live,
    file,
    adopted,
    content: () => readFile(file, 'utf8'),
    async end() {
      await live.end();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
