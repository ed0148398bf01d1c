/**
 * The process: settings → lock → recover → listen → ready; stop on signal. Everything that ends it has an exit code of
 * the contract and says what happened and what to do.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from '../web/app.ts';
import { reachableAt } from '../web/reachable.ts';
import { type Listening, listen } from '../web/server.ts';
import type { WebSettings } from '../web/settings.ts';
import { bootId } from './boot.ts';
import { machineClock } from './clock.ts';
import { EXIT, type Fault } from './core/fault.ts';
import { iso } from './core/record.ts';
import { endBusy, endHard } from './hard-end.ts';
import { type Condition, Health } from './health.ts';
import { startInbox } from './inbox-door.ts';
import { lockDataFolder } from './journal/lock.ts';
import { sayFault } from './last-words.ts';
import { type Log, makeLog } from './log.ts';
import { type Opened, openSupervisor } from './open.ts';
import { loadSettings } from './settings/load.ts';
import type { Settings } from './settings/settings.ts';
import { drain, endThreads } from './stop.ts';
import { atOnceWords, cutWords, hangingWords, waitingWords } from './stop-words.ts';

export interface StartOptions {
  readonly dataDir: string;
  readonly envFile?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly lock?: 'flock' | 'socket' | undefined;
  readonly forceNetwork?: boolean | undefined;
}

/** Starts the supervisor in this process and stays until it is told to stop; ends the process with the contract's code. */
export async function start(options: StartOptions): Promise<void> {
  let log = makeLog('info');
  try {
    log = await run(options);
  } catch (error) {
    leave(error, log);
  }
}

async function run(options: StartOptions): Promise<Log> {
  const dataDir = resolve(options.dataDir);
  const lock = await lockDataFolder(dataDir, {
    mode: options.lock ?? 'flock',
    forceNetwork: options.forceNetwork ?? false,
  });
  chmodSync(dataDir, 0o700);
  const flags = { WEB_HOST: options.host, WEB_PORT: options.port?.toString() };
  const loaded = await loadSettings({ dataDir, envFile: options.envFile, environment: process.env, flags });
  const { settings } = loaded;
  const log = makeLog(settings.logLevel);
  const clock = machineClock;
  const health = new Health(clock, tellOf(log));
  for (const item of loaded.health) health.raise(item);
  for (const note of loaded.notes) log.info(note);
  makeFolders(dataDir);
  const identity = { version: packageVersion(), incarnation: randomUUID(), bootId: bootId() };
  const onFault = leaveSoon(log);
  const opened = await openSupervisor({
    dataDir,
    settings,
    texts: loaded.texts,
    clock,
    health,
    log,
    onFault,
    ...identity,
  });
  ({ pool } = opened);
  const web = webSettings(settings, localToken(dataDir));
  const publicDir = fileURLToPath(new URL('../web/public/', import.meta.url));
  const app = createApp({ facade: opened.front, settings: () => web, publicDir, clock, log });
  const server = await listen({ app, host: settings.webHost, port: settings.webPort });
  const about = {
    pid: process.pid,
    url: server.url,
    incarnation: identity.incarnation,
    startedAt: iso(clock.wall()),
    version: identity.version,
  };
  writeFileSync(join(dataDir, 'supervisor.json'), `${JSON.stringify(about)}\n`, { mode: 0o600 });
  const inbox = await startInbox({ dataDir, settings, opened, health, log, clock });
  opened.begin();
  const watch = setInterval(() => checkLock(lock, log), lockCheckMs);
  watch.unref();
  process.on('uncaughtException', (error) => leave(error, log));
  onStop(log, async (reason) => {
    log.info(`stopping: ${reason}`);
    clearInterval(watch);
    await stop({ dataDir, opened, server, settings, inbox, log, incarnation: identity.incarnation });
    const ended = await endThreads(opened.pool, threadsEndMsMax);
    await lock.release();
    if (!ended) log.warn(hangingWords(threadsEndMsMax));
    log.info('stopped');
    ended ? process.exit(EXIT.ok) : endHard(EXIT.ok);
  });
  const listening = `listening on ${server.url}`;
  if (log.isLevelEnabled('info')) log.info(listening);
  else process.stdout.write(`${listening}\n`);
  const open = reachableAt(settings.webHost, server.port, settings.webBase);
  if (open.length > 0) log.info(`the page is at ${open.join(' or ')}`);
  process.send?.('ready');
  return log;
}

const lockCheckMs = 1_000;
/** Threads have so long to end when everything else has; then the process ends without them. */
const threadsEndMsMax = 5_000;

/** The worker threads, once there are any: whoever ends the process must know of them. */
let pool: Opened['pool'] | null = null;

const LEVELS = { info: 'info', warning: 'warn', error: 'error' } as const;

/** Whoever only reads the log learns of every condition, with what to do about it. */
function tellOf(log: Log): (condition: Condition) => void {
  return ({ code, severity, message, action }) => log[LEVELS[severity]]({ health: code }, `${message}. ${action}`);
}

function checkLock(lock: { check(): void }, log: Log): void {
  try {
    lock.check();
  } catch (error) {
    leave(error, log);
  }
}

interface Stopping {
  readonly dataDir: string;
  readonly opened: Opened;
  readonly server: Listening;
  readonly settings: Settings;
  readonly inbox: { stop(): Promise<void> };
  readonly log: Log;
  readonly incarnation: string;
}

async function stop({ dataDir, opened, server, settings, inbox, log, incarnation }: Stopping): Promise<void> {
  const { recorder, history, logs, journal, timekeeper } = opened;
  const cut = await drain(opened, inbox, {
    drainTimeoutMs: settings.drainTimeoutMs,
    graceMs: settings.cancelGraceMs,
    waiting: (running, msMax) => log.info(waitingWords(running, msMax)),
  });
  if (cut > 0) log.warn(cutWords(cut));
  await server.close();
  await timekeeper.stop();
  recorder.record({ e: 'supervisor.stopped', incarnation });
  await recorder.departed();
  await Promise.all([history.close(), logs.close()]);
  await journal.close();
  rmSync(join(dataDir, 'supervisor.json'), { force: true });
}

/** The first wish to stop drains, the second stops at once. A journal left open so is recovered at the next start. */
function onStop(log: Log, stopOnce: (reason: string) => Promise<void>): void {
  let stopping = false;
  const wish = (reason: string) => {
    if (stopping) {
      log.warn(atOnceWords(reason));
      end(EXIT.ok);
    }
    stopping = true;
    stopOnce(reason).catch((error) => leave(error, log));
  };
  process.on('SIGINT', () => wish('SIGINT'));
  process.on('SIGTERM', () => wish('SIGTERM'));
  process.on('message', (message) => message === 'shutdown' && wish('asked to by pm2'));
  process.on('disconnect', () => !stopping && wish('the one who started it is gone'));
}

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

const FOLDERS = ['inbox', 'accepted', 'rejected', 'handlers', 'history', 'logs', 'quarantine', 'trash'];

function makeFolders(dataDir: string): void {
  for (const name of FOLDERS) mkdirSync(join(dataDir, name), { recursive: true, mode: 0o700 });
}

const tokenBytes = 24;

/** Whoever can read this file is the owner: the token of local tools. */
function localToken(dataDir: string): string {
  const path = join(dataDir, 'token');
  if (!existsSync(path))
    writeFileSync(path, `${randomBytes(tokenBytes).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  return readFileSync(path, 'utf8').trim();
}

function webSettings(settings: Settings, token: string): WebSettings {
  return {
    host: settings.webHost,
    base: settings.webBase,
    token: settings.webToken,
    localToken: token,
    readToken: settings.webReadToken,
    allowedHosts: settings.webAllowedHosts,
    loopbackOpen: settings.webLoopbackOpen,
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
