/** The console's own server on top of the scripted supervisor, with a line that a test can cut and mend. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { machineClock } from '../../../supervisor/clock.ts';
import type { RunsFacade } from '../../../supervisor/runs-facade.ts';
import type { SchedulesFacade } from '../../../supervisor/schedules-facade.ts';
import type { SettingsFacade } from '../../../supervisor/settings-facade.ts';
import type { StoreFacade } from '../../../supervisor/store-facade.ts';
import { type App, createApp } from '../../../web/app.ts';
import type { WebSettings } from '../../../web/settings.ts';
import { ScriptedFacade } from './scripted-facade.ts';

const publicDir = fileURLToPath(new URL('../../../web/public', import.meta.url));
/** The scripted supervisor has none; pages that show runs beside other things still ask. */
const noRuns: Pick<RunsFacade, 'list' | 'pipelines'> = {
  list: async () => ({ items: [], next: null, total: 0 }),
  pipelines: async () => ({ items: [], failures: [] }),
};
const silent = { info() {}, warn() {}, error() {} };

export interface ConsoleServer {
  readonly url: string;
  readonly facade: ScriptedFacade;
  /** Ends what is open and answers nothing until `mend`. */
  cut(): void;
  mend(): void;
  /** Another token: whoever signed in with the one before has to sign in again. Open streams end. */
  forgetSessions(token: string): void;
  close(): Promise<void>;
}

export async function startConsole(
  changes: Partial<WebSettings> = {},
  facade = new ScriptedFacade(),
  desk: SettingsFacade = null as never,
  schedules: SchedulesFacade = null as never,
  store: StoreFacade = null as never,
): Promise<ConsoleServer> {
  let settings: WebSettings = {
    host: '127.0.0.1',
    base: '',
    token: null,
    localToken: null,
    readToken: null,
    allowedHosts: [],
    loopbackOpen: true,
    timezone: 'UTC',
    ...changes,
  };
  const app: App = createApp({
    facade,
    desk,
    schedules,
    runs: noRuns as RunsFacade,
    store,
    library: null as never,
    taskOf: () => null,
    settings: () => settings,
    publicDir,
    clock: machineClock,
    log: silent,
  });
  let open = true;
  const server = createServer((request, response) => {
    if (open) app.handle(request, response);
    else request.socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    open = false;
    server.closeAllConnections();
  };
  return {
    url: `http://127.0.0.1:${port}${settings.base}/`,
    facade,
    cut,
    mend() {
      open = true;
    },
    forgetSessions(token) {
      settings = { ...settings, token };
      app.endStreams();
    },
    async close() {
      app.endStreams();
      cut();
      await new Promise((closed) => server.close(closed));
    },
  };
}
