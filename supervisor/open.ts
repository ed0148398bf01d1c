/** From a locked data folder to a supervisor that knows everything it knew: recover, then build the parts around the state. */
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CleanupName } from '../workers/contract.ts';
import { adoptHandlers, versionsInUse } from './adopt-handlers.ts';
import { BuiltInSchedules } from './built-in-schedules.ts';
import type { Clock } from './clock.ts';
import type { Fault } from './core/fault.ts';
import { IdMaker } from './core/id.ts';
import { Refusal } from './core/refusal.ts';
import type { State } from './core/state.ts';
import { Dispatcher } from './dispatch/dispatcher.ts';
import { Pool, type Room } from './dispatch/pool.ts';
import { EventStream } from './event-stream.ts';
import { Front } from './front.ts';
import { GivenSettings } from './given-settings.ts';
import { LiveHandlers } from './handlers/live.ts';
import { ParamsCheck } from './handlers/params-check.ts';
import { type Health, sayCondition } from './health.ts';
import { diskReports, watchSpace } from './health-reports.ts';
import { AttemptLog } from './history/attempt-log.ts';
import type { History } from './history/history.ts';
import type { Ledger } from './history/ledger.ts';
import { limitsOf, putInForce } from './in-force.ts';
import type { Journal } from './journal/live-journal.ts';
import { completeHistory, recover } from './last-incarnation.ts';
import { LibraryClaims } from './library-claims.ts';
import { LibraryDesk } from './library-desk.ts';
import { libraryFrom } from './library-from.ts';
import type { Log } from './log.ts';
import { type NextParts, nextFrom } from './next-from.ts';
import { waitingForHandlers } from './no-handler.ts';
import { openRecords } from './open-records.ts';
import type { PastRuns } from './past-runs.ts';
import { PipelinesFolder } from './pipelines-folder.ts';
import { PutRuns } from './put-runs.ts';
import { PutSchedules } from './put-schedules.ts';
import { Recorder } from './recorder.ts';
import { RetryDesk } from './retry-desk.ts';
import { RunKeeper } from './run-keeper.ts';
import { RunsDesk } from './runs-desk.ts';
import { Scheduler } from './scheduler.ts';
import { SchedulesDesk, type SchedulesDeskParts } from './schedules-desk.ts';
import type { Adopted } from './settings/live.ts';
import type { Settings } from './settings/settings.ts';
import { SourcesFile } from './sources-file.ts';
import { StoreDesk } from './store-desk.ts';
import { storeFrom } from './store-from.ts';
import { submitFrom } from './submit-from.ts';
import { Supervisor } from './supervisor.ts';
import { TaskTokens } from './task-tokens.ts';
import { Throughput } from './throughput.ts';
import { tidyHistory } from './tidy-history.ts';
import { Timekeeper } from './timekeeper.ts';
import { WorkLog } from './work-log.ts';

export interface OpenOptions {
  /** Absolute, locked by us. */
  readonly dataDir: string;
  readonly settings: Settings;
  /** Settings as text, for handlers; and the same as an older revision has them. */
  readonly texts: ReadonlyMap<string, string>;
  readonly textsOf?: (revision: string) => ReadonlyMap<string, string> | null;
  /** Revision of the settings. */
  readonly revision?: string | null;
  readonly clock: Clock;
  readonly version: string;
  readonly incarnation: string;
  readonly bootId: string;
  readonly health: Health;
  readonly log: Log;
  /** The journal has failed, or what it holds cannot be read: the process must end with the fault's exit code. */
  readonly onFault: (fault: Fault) => void;
}

export interface Opened {
  readonly state: State;
  readonly journal: Journal;
  readonly history: History;
  readonly pastRuns: PastRuns;
  readonly recorder: Recorder;
  readonly supervisor: Supervisor;
  readonly retries: RetryDesk;
  readonly dispatcher: Dispatcher;
  readonly pool: Pool;
  readonly front: Front;
  readonly schedules: SchedulesDesk;
  readonly putSchedules: PutSchedules;
  readonly runs: RunsDesk;
  readonly putRuns: PutRuns;
  readonly pipelines: PipelinesFolder;
  readonly sources: SourcesFile;
  readonly store: StoreDesk;
  readonly library: LibraryDesk;
  readonly tokens: TaskTokens;
  readonly logs: AttemptLog;
  readonly ledger: Ledger;
  readonly scheduler: Scheduler;
  readonly builtIns: BuiltInSchedules;
  readonly timekeeper: Timekeeper;
  readonly handlers: LiveHandlers;
  readonly paramsCheck: ParamsCheck;
  /** Says where programs of attempts find the API. */
  reachable(at: () => string): void;
  /** Lets work begin. */
  begin(): void;
  /** Takes what came into force meanwhile, but for what waits for the next start, and writes down who did it. */
  adopt(adopted: Adopted): void;
}

export async function openSupervisor(options: OpenOptions): Promise<Opened> {
  const { dataDir, settings, clock, health, log, incarnation, onFault } = options;
  let inForce = settings;
  let { texts } = options;
  const startedAt = clock.wall();
  const handlers = new LiveHandlers({
    dataDir,
    clock,
    health,
    log,
    overrides: () => inForce.handlerOverrides,
    inUse: () => versionsInUse(state),
    adopted(catalog, changes) {
      given.renew(texts);
      paramsCheck.renew();
      adoptHandlers({ state, recorder, dispatcher, pool, clock }, inForce, catalog, changes);
    },
  });
  const describing = handlers.open();
  const pipelines = new PipelinesFolder({
    dataDir,
    clock,
    health,
    log,
    changed: (changes, more) => void recorder.record({ e: 'pipelines.changed', changes, more }),
  });
  await pipelines.open();
  const sources = new SourcesFile({
    ...{ file: settings.sourcesFile, names: settings.sources, clock, health, log },
    changed: (count, mistakes) => void recorder.record({ e: 'sources.changed', sources: count, mistakes }),
  });
  await sources.open();
  const paramsCheck = new ParamsCheck({ clock, log, handlerOf: (type) => handlers.of(type) });
  const { journal, replay, history, pastRuns, ledger } = await openRecords({
    ...options,
    fsync: settings.fsync,
    limits: limitsOf(settings),
    note: (message) => log.warn(message),
    cut: ({ file, offset, bytes }) =>
      log.warn(
        { file, offset, bytes },
        'an unfinished end of the history was cut off; its records come again from the journal',
      ),
    damage: ({ file, offset, what }) =>
      health.raise({
        code: `history-damage:${file}`,
        severity: 'error',
        message: `${file} is damaged at byte ${offset}: ${what}`,
        action: 'Bring the file back from a backup; everything else goes on.',
      }),
  });
  const { state } = replay;
  const events = new EventStream(journal.epoch, state.seq);
  const recorder = new Recorder({
    state,
    journal,
    history,
    ledger,
    pastRuns,
    events,
    clock,
    unreadable: (error) => onFault(error as Fault),
  });
  await completeHistory(replay, history, recorder);
  const ids = new IdMaker((bytes) => void randomFillSync(bytes));
  if (replay.lastId !== '') ids.goOnAfter(replay.lastId);
  const workLog = new WorkLog(state, log);
  const recovered = await recover(options, { state, recorder, replay, startedAt, workLog });

  await describing;
  putInForce(state, settings, handlers.catalog, clock.wall());
  for (const condition of waitingForHandlers(state)) log.warn({ health: condition.code }, sayCondition(condition));
  const logs = await AttemptLog.open({
    folder: join(dataDir, 'logs'),
    clock,
    retentionMs: () => inForce.logRetentionMs,
    ...diskReports('logs', 'attempt logs', health, () => {}),
  });
  const given = new GivenSettings(texts, options.textsOf ?? (() => null));
  state.settingsRevision = options.revision ?? null;
  const throughput = new Throughput();
  const store = new StoreDesk({
    state,
    recorder,
    clock,
    durable: (seq) => journal.durable(seq),
    mayChange: (whileDraining) => supervisor.mayTakeWork(whileDraining),
  });
  const library = new LibraryDesk({
    state,
    recorder,
    clock,
    durable: (seq) => journal.durable(seq),
    mayChange: (whileDraining) => supervisor.mayTakeWork(whileDraining),
    sources,
  });
  const claims = new LibraryClaims(state);
  const tokens = new TaskTokens(state);
  let addressOf: () => string | null = () => null;
  const cleanups: Readonly<Record<CleanupName, () => Promise<unknown>>> = {
    logs: () => logs.purge(clock.wall()),
    store: () => store.cleanUp(),
    history: () => tidyHistory({ '': history, 'runs/': pastRuns }, clock.wall(), inForce, { health, log }),
  };
  const dispatcher: Dispatcher = new Dispatcher({
    state,
    clock,
    chance: Math.random,
    record(event, lazy) {
      if (event.e === 'attempt.ended') {
        throughput.note(clock.monotonic());
        workLog.ended(event);
      }
      return recorder.record(event, lazy);
    },
    lost: (lost) => workLog.lost(lost),
    printed: (worker, stream, text) => log.info({ worker, stream }, text),
    durable: async (seq) => journal.durable(seq),
    warm: (tasks) => supervisor.warm(tasks),
    handlerOf: (type) => supervisor.handlerOf(type),
    settingsFor: (handler, revision) => given.of(handler, revision),
    mayClaim: () => !journal.full,
    log: (taskId, attempt, line) => logs.write(taskId, attempt, line),
    endLog: (taskId, attempt) => logs.end(taskId, attempt),
    submitFrom: (parent, call, task) => submitFrom(supervisor, parent, call, task),
    nextFrom: (parent, work) => nextFrom(nextParts, parent, work),
    cleanUp: (what) => cleanups[what](),
    storeFrom: (task, request) => storeFrom(store, task, request),
    libraryFrom: (task, attempt, request) => libraryFrom(library, claims, task, attempt, request),
    accessFor(taskId, attempt) {
      const url = addressOf();
      return url === null ? null : { url, token: tokens.tokenOf(taskId, attempt) };
    },
    bootId: options.bootId,
  });
  const supervisor: Supervisor = new Supervisor({
    state,
    journal,
    history,
    recorder,
    dispatcher,
    ids,
    clock,
    handlers,
    checkParams: (inputs) => paramsCheck.check(inputs),
  });
  const retries = new RetryDesk({
    state,
    recorder,
    ids,
    clock,
    supervisor,
    handlerOf: (type) => handlers.of(type),
    checkParams: (inputs) => paramsCheck.check(inputs),
    checkType: (type) => mustKnowType(handlers, type, []),
    pump: () => dispatcher.pump(),
    settled: () => supervisor.settled(),
  });
  const pool = new Pool({
    workerFile: fileURLToPath(new URL('../workers/worker.js', import.meta.url)),
    processFile: fileURLToPath(new URL('../workers/worker-process.js', import.meta.url)),
    processMemoryMb: settings.processMemoryMb,
    setup: { incarnation, scratchDir: join(dataDir, 'scratch'), dataDir, graceMs: settings.cancelGraceMs },
    ...roomOf(settings),
    clock,
    listener: dispatcher,
  });
  const identity = {
    version: options.version,
    incarnation,
    startedAt,
    dataDir,
    timezone: () => inForce.timezone,
    recovered,
  };
  const front = new Front({
    supervisor,
    retries,
    state,
    pool,
    journal,
    events,
    health,
    logs,
    throughput,
    clock,
    handlers,
    identity,
  });
  const scheduler = new Scheduler({
    state,
    recorder: {
      record: (event) => recorder.record(event),
      recordGroup(events) {
        workLog.scheduled(events);
        return recorder.recordGroup(events);
      },
    },
    clock,
    ids,
    handlers,
    pipelines,
    cancelRest: (run) => void keeper.cancelRest(run),
    upSince: startedAt,
    maySubmit: () => !journal.full,
  });
  const keeper = new RunKeeper({ state, recorder, stop: (id) => dispatcher.stop(id, 'canceled') });
  scheduler.adopt(settings.schedulerEnabled, settings.timezone);
  const nextParts: NextParts = {
    state,
    recorder,
    ids,
    clock,
    handlerOf: (type) => handlers.of(type),
    checkParams: (inputs) => paramsCheck.check(inputs),
    mayTakeWork: () => supervisor.mayTakeWork(true),
    pump: () => dispatcher.pump(),
    settled: () => supervisor.settled(),
  };
  const runs = new RunsDesk({
    ...nextParts,
    mayTakeWork: () => supervisor.mayTakeWork(),
    pipelines,
    keeper,
    past: pastRuns,
    task: (id) => supervisor.task(id),
    retryTask: (id, actor) => retries.retry(id, actor),
    retryMany: (which, actor) => retries.retryMany(which, false, actor),
  });
  const timekeeper = new Timekeeper({
    state,
    journal,
    history,
    ledger,
    pastRuns,
    recorder,
    dispatcher,
    scheduler,
    runs: keeper,
    clock,
    health,
    log,
  });
  const builtIns = new BuiltInSchedules({ state, recorder, scheduler, ids, clock });
  const deskParts: SchedulesDeskParts = {
    state,
    recorder,
    scheduler,
    ledger,
    ids,
    clock,
    pipelines,
    minIntervalMs: () => inForce.minIntervalMs,
    checkType: (type) => mustKnowType(handlers, type, ['$.task.type']),
    checkParams: (inputs) => paramsCheck.check(inputs),
    mayChange: () => supervisor.mayTakeWork(),
    timeKeyOf: (schedule) => builtIns.timeKeyOf(schedule),
    task: (id) => supervisor.task(id),
    async settled() {
      dispatcher.pump();
      await supervisor.settled();
    },
  };
  journal.onDurable((seq) => {
    events.durable(seq);
    timekeeper.afterBatch();
  });
  watchSpace(journal, dispatcher, health, log);
  await journal.durable(state.seq);
  return {
    state,
    journal,
    history,
    pastRuns,
    recorder,
    supervisor,
    retries,
    dispatcher,
    pool,
    front,
    schedules: new SchedulesDesk(deskParts),
    putSchedules: new PutSchedules(deskParts),
    putRuns: new PutRuns({ ...nextParts, pipelines }),
    runs,
    pipelines,
    sources,
    store,
    library,
    tokens,
    reachable(at) {
      addressOf = at;
    },
    logs,
    ledger,
    scheduler,
    builtIns,
    timekeeper,
    handlers,
    paramsCheck,
    begin() {
      dispatcher.begin(pool);
      scheduler.begin(inForce.startupDelayMs);
      timekeeper.begin();
      keeper.begin();
    },
    adopt({ settings, texts: newTexts, revision, keys, switched }) {
      const overrides = String(inForce.handlerOverrides);
      inForce = settings;
      texts = newTexts;
      given.renew(texts);
      state.settingsRevision = revision.id;
      const asked = { by: revision.by, ...(revision.from !== null && { from: revision.from }) };
      recorder.record({ e: 'settings.changed', revision: revision.id, keys, ...asked });
      for (const { flag, on } of switched) recorder.record({ e: 'flag.switched', flag, on, ...asked });
      putInForce(state, settings, handlers.catalog, clock.wall());
      scheduler.adopt(settings.schedulerEnabled, settings.timezone);
      builtIns.adopt(settings.taskTimes);
      sources.adopt(settings.sources);
      if (String(settings.handlerOverrides) !== overrides) void handlers.look();
      pool.graceMs = settings.cancelGraceMs;
      pool.processMemoryMb = settings.processMemoryMb;
      pool.resize(roomOf(settings));
      log.level = settings.logLevel;
      workLog.relevel();
      dispatcher.pump();
      timekeeper.afterBatch();
    },
  };
}

/** @param paths members that name it, where somebody wrote it down just now */
function mustKnowType(handlers: LiveHandlers, type: string, paths: readonly string[]): void {
  if (handlers.of(type)) return;
  const known = handlers.catalog.handlers.map((handler) => handler.type).sort();
  const mistakes = paths.map((path) => ({ path, message: `"${type}" has no handler` }));
  throw new Refusal('unknown_type', `No handler for "${type}"; known types: ${known.join(', ')}`, mistakes);
}

function roomOf({ workers, ioWorkers, ioConcurrency, processWorkers }: Settings): Room {
  return { threads: workers, ioThreads: ioWorkers, ioConcurrency, processes: processWorkers };
}
