/**
 * The process: lock → settings → recover → listen → ready; stop on signal, at any of these steps. Everything that ends it
 * has an exit code of the contract and says what happened and what to do.
 */
import { randomUUID } from 'node:crypto';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from '../web/app.ts';
import { reachableAt } from '../web/reachable.ts';
import { type Listening, listen } from '../web/server.ts';
import { settingsMistake, type WebSettings } from '../web/settings.ts';
import { bootId } from './boot.ts';
import { machineClock } from './clock.ts';
import { EXIT, type Fault } from './core/fault.ts';
import { localAddress } from './core/local-address.ts';
import { iso } from './core/record.ts';
import type { Task } from './core/task.ts';
import { checkPlaces, makeFolders } from './data-places.ts';
import { revisionsInUse } from './given-settings.ts';
import { endBusy, endHard } from './hard-end.ts';
import { type Condition, Health, sayCondition } from './health.ts';
import { type InboxDoor, openInbox } from './inbox-door.ts';
import { type DataFolderLock, lockDataFolder } from './journal/lock.ts';
import { sayFault } from './last-words.ts';
import { localToken } from './local-token.ts';
import { type Log, makeLog } from './log.ts';
import { type Opened, openSupervisor } from './open.ts';
import { packageVersion } from './package-version.ts';
import { pauseRestored } from './restored.ts';
import { LiveSettings } from './settings/live.ts';
import { loadSettings } from './settings/load.ts';
import type { Settings } from './settings/settings.ts';
import { SettingsDesk } from './settings-desk.ts';
import { startFault } from './start-fault.ts';
import { drain, endThreads } from './stop.ts';
import { StopAsked, type StopWish } from './stop-wish.ts';
import { atOnceWords, cutWords, hangingWords, waitingWords } from './stop-words.ts';

export interface StartOptions {
  readonly dataDir: string;
  readonly envFile?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly lock?: 'flock' | 'socket' | undefined;
  readonly forceNetwork?: boolean | undefined;
  readonly wish: StopWish;
}

/** What has been started so far: what a stop has to end, in whatever step of the start it comes. */
interface Started {
  readonly dataDir: string;
  readonly incarnation: string;
  log: Log;
  lock?: DataFolderLock;
  /** Those it started with; later ones stand in `live`. */
  settings?: Settings;
  live?: LiveSettings;
  opened?: Opened;
  server?: Listening;
  inbox?: InboxDoor;
}

/** Starts the supervisor in this process and stays until it is told to stop; ends the process with the contract's code. */
export async function start(options: StartOptions): Promise<void> {
  const started: Started = { dataDir: resolve(options.dataDir), incarnation: randomUUID(), log: makeLog('info') };
  process.on('uncaughtException', (error) => leave(error, started.log));
  options.wish.whenMadeAgain((reason) => {
    started.log.warn(atOnceWords(reason));
    end(EXIT.ok);
  });
  try {
    await run(options, started);
    options.wish.whenMade((reason) => void stop(reason, started));
  } catch (error) {
    if (error instanceof StopAsked) return stop(error.message, started);
    leave(startFault(error, started.dataDir), started.log);
  }
}

async function run({ wish, ...options }: StartOptions, started: Started): Promise<void> {
  const { dataDir, incarnation } = started;
  checkPlaces(dataDir);
  const lock = await lockDataFolder(dataDir, {
    mode: options.lock ?? 'flock',
    forceNetwork: options.forceNetwork ?? false,
  });
  started.lock = lock;
  wish.check();
  chmodSync(dataDir, 0o700);
  const flags = { WEB_HOST: options.host, WEB_PORT: options.port?.toString() };
  const loaded = await loadSettings({ dataDir, envFile: options.envFile, environment: process.env, flags });
  forgetVariables();
  const { settings } = loaded;
  const log = makeLog(settings.logLevel);
  Object.assign(started, { settings, log });
  const clock = machineClock;
  const health = new Health(clock, tellOf(log));
  for (const item of loaded.health) health.raise(item);
  for (const note of loaded.notes) log.info(note);
  makeFolders(dataDir);
  wish.check();
  const token = await localToken(dataDir);
  let web = webSettings(settings, settings, token);
  const identity = { version: packageVersion(), incarnation, bootId: bootId() };
  const onFault = leaveSoon(log);
  const live = new LiveSettings({
    loaded,
    clock,
    health,
    log,
    inUse: () => (started.opened ? revisionsInUse(started.opened.state) : new Set()),
    adopted(now) {
      web = webSettings(now.settings, settings, token);
      started.opened?.adopt(now);
    },
  });
  const opened = await openSupervisor({
    dataDir,
    settings,
    texts: loaded.texts,
    textsOf: (revision) => live.textsOf(revision),
    revision: loaded.revision?.id ?? null,
    clock,
    health,
    log,
    onFault,
    ...identity,
  });
  started.opened = opened;
  ({ pool } = opened);
  wish.check();
  await pauseRestored(dataDir, opened, log);
  opened.builtIns.adopt(settings.taskTimes);
  started.live = live;
  live.begin();
  const publicDir = fileURLToPath(new URL('../web/public/', import.meta.url));
  const desk = new SettingsDesk(
    live,
    () => opened.handlers.catalog.handlers,
    () => [...opened.state.schedules.byId.values()].map(({ rule }) => rule),
    () => opened.supervisor.settled(),
  );
  const app = createApp({
    facade: opened.front,
    desk,
    schedules: opened.schedules,
    runs: opened.runs,
    store: opened.store,
    library: opened.library,
    taskOf: (token) => opened.tokens.taskOf(token),
    settings: () => web,
    publicDir,
    clock,
    log,
  });
  const server = await listen({ app, host: settings.webHost, port: settings.webPort });
  started.server = server;
  opened.reachable(() => localAddress(server.url) + web.base);
  wish.check();
  const about = {
    pid: process.pid,
    url: server.url,
    incarnation,
    startedAt: iso(clock.wall()),
    version: identity.version,
  };
  writeFileSync(join(dataDir, 'supervisor.json'), `${JSON.stringify(about)}\n`, { mode: 0o600 });
  started.inbox = openInbox({ dataDir, settings: () => live.settings, opened, health, log, clock });
  await wish.during(started.inbox.started);
  opened.begin();
  opened.handlers.begin();
  opened.pipelines.begin();
  opened.sources.begin();
  setInterval(() => checkLock(lock, log), lockCheckMs).unref();
  const listening = `listening on ${server.url}`;
  if (log.isLevelEnabled('info')) log.info(listening);
  else process.stdout.write(`${listening}\n`);
  const open = reachableAt(settings.webHost, server.port, settings.webBase);
  if (open.length > 0) log.info(`the page is at ${open.join(' or ')}`);
  process.send?.('ready');
}

const lockCheckMs = 1_000;
/** Threads have so long to end when everything else has; then the process ends without them. */
const threadsEndMsMax = 5_000;

/** The worker threads, once there are any: whoever ends the process must know of them. */
let pool: Opened['pool'] | null = null;

const LEVELS = { info: 'info', warning: 'warn', error: 'error' } as const;

/** Whoever only reads the log learns of every condition, with what to do about it. */
function tellOf(log: Log): (condition: Condition) => void {
  return (condition) => log[LEVELS[condition.severity]]({ health: condition.code }, sayCondition(condition));
}

function checkLock(lock: { check(): void }, log: Log): void {
  try {
    lock.check();
  } catch (error) {
    leave(error, log);
  }
}

/** Ends what has been started, in order, and the process with it. */
async function stop(reason: string, started: Started): Promise<void> {
  const { dataDir, lock, log } = started;
  log.info(`stopping: ${reason}`);
  let threadsEnded = true;
  try {
    if (started.opened) {
      await close(started.opened, started);
      threadsEnded = await endThreads(started.opened.pool, threadsEndMsMax);
    }
    if (lock) {
      rmSync(join(dataDir, 'supervisor.json'), { force: true });
      await lock.release();
    }
  } catch (error) {
    leave(error, log);
  }
  if (!threadsEnded) log.warn(hangingWords(threadsEndMsMax));
  log.info('stopped');
  threadsEnded ? process.exit(EXIT.ok) : endHard(EXIT.ok);
}

async function close(opened: Opened, { settings, live, server, inbox, incarnation, log }: Started): Promise<void> {
  const { recorder, history, pastRuns, ledger, logs, journal, timekeeper } = opened;
  await live?.end();
  await opened.handlers.end();
  await opened.pipelines.end();
  await opened.sources.end();
  const { drainTimeoutMs = 0, cancelGraceMs: graceMs = 0 } = live?.settings ?? settings ?? {};
  const waiting = (running: readonly Task[], msMax: number) => log.info(waitingWords(running, msMax));
  const cut = await drain(opened, inbox ?? noInbox, { drainTimeoutMs, graceMs, waiting });
  if (cut > 0) log.warn(cutWords(cut));
  await server?.close();
  await opened.paramsCheck.close();
  await timekeeper.stop();
  recorder.record({ e: 'supervisor.stopped', incarnation });
  await recorder.departed();
  await Promise.all([history.close(), pastRuns.close(), ledger.close(), logs.close()]);
  await journal.close();
}

const noInbox = { stop: async () => {} };

/** Ends the process: a fault says what happened and what to do, anything else is a fault of the program. */
function leave(thrown: unknown, log: Log): never {
  const say = (text: string) => void process.stderr.write(text);
  return end(sayFault(journalFault ?? thrown, log, { inTerminal: process.stdout.isTTY, say }));
}

/** Threads may be at work, and one of them may hang. */
function end(code: number): never {
  return pool && pool.threads > 0 ? endBusy(code) : process.exit(code);
}

const answerMs = 100;

/** The first fault of the journal: whatever fails because of it afterwards, this is why the process ends. */
let journalFault: Fault | null = null;

/** The journal has failed: those who wait are told that the outcome is unknown, then the process ends. */
function leaveSoon(log: Log): (fault: Fault) => void {
  return (fault) => {
    if (journalFault) return;
    journalFault = fault;
    setTimeout(() => leave(fault, log), answerMs);
  };
}

/** Threads and child processes begin with a copy of our environment, and a setting reaches only handlers that declare it. */
function forgetVariables(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('NIGHTSHIFT_')) delete process.env[name];
}

/** What others can reach since the start keeps a token: one that has been taken out counts on until the next start. */
function webSettings(settings: Settings, atStart: Settings, token: string): WebSettings {
  const host = atStart.webHost;
  const open = settingsMistake({ host, token: settings.webToken }) !== null;
  return {
    host,
    base: settings.webBase,
    token: open ? atStart.webToken : settings.webToken,
    localToken: token,
    readToken: settings.webReadToken,
    allowedHosts: settings.webAllowedHosts,
    loopbackOpen: settings.webLoopbackOpen,
    timezone: settings.timezone,
  };
}
