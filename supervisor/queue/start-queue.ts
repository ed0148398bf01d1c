/**
 * Composes a queue of the parts a supervisor is made of: lock, journal, history, state, decisions, recorder, timekeeper,
 * store. Only who performs the tasks is another: consumers of this program, in place of handlers.
 */
import { randomFillSync, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { bootId } from '../boot.ts';
import type { Clock } from '../clock.ts';
import type { AttemptEnded } from '../core/event.ts';
import { Fault } from '../core/fault.ts';
import { IdMaker } from '../core/id.ts';
import { freshState, type Limits, type State } from '../core/state.ts';
import { Health, sayCondition } from '../health.ts';
import type { Disk } from '../journal/disk.ts';
import type { FsyncPolicy } from '../journal/journal.ts';
import { type DataFolderLock, lockDataFolder } from '../journal/lock.ts';
import { beginIncarnation, completeHistory } from '../last-incarnation.ts';
import { type OpenedRecords, openRecords } from '../open-records.ts';
import { endOrphans } from '../orphans.ts';
import { packageVersion } from '../package-version.ts';
import { Recorder } from '../recorder.ts';
import { RetryDesk } from '../retry-desk.ts';
import { startFault } from '../start-fault.ts';
import { StoreDesk } from '../store-desk.ts';
import { Supervisor } from '../supervisor.ts';
import { Timekeeper } from '../timekeeper.ts';
import { Consumers } from './consumers.ts';
import { LiveQueue } from './live-queue.ts';
import { memoryRecords } from './memory.ts';
import { queueError } from './queue-error.ts';
import type { Queue, QueueOptions } from './queue-facade.ts';
import { readOptions } from './queue-options.ts';
import { makeFolder, type Records } from './records.ts';
import { Transitions } from './transitions.ts';

export interface QueuePlan {
  /** Absolute; null for memory only. */
  readonly folder: string | null;
  readonly fsync: FsyncPolicy;
  readonly limits: Limits;
  readonly tasksMax: number;
  readonly warn: (message: string) => void;
}

/** What of the machine a test may put something else in the place of. */
export interface QueueMachine {
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly chance: () => number;
  /** Of the journal. */
  readonly disk?: Disk;
}

const lockCheckMs = 1_000;

/** @throws QueueError `validation`, `held`, `folder`, `damaged`, `disk_failed` */
export async function startQueue(options: QueueOptions, machine: QueueMachine): Promise<Queue> {
  const plan = checked(options);
  const identity = { incarnation: randomUUID(), version: packageVersion(), bootId: bootId() };
  const around = { plan, machine, identity, health: healthOf(plan, machine), fault: new FirstFault() };
  const { folder, limits } = plan;
  // In memory nothing can be read back, so no params are let go of.
  if (folder === null)
    return begin(around, { ...memoryRecords(), state: freshState(limits, Number.POSITIVE_INFINITY) }, async () => {});
  let lock: DataFolderLock | null = null;
  try {
    makeFolder(folder);
    lock = await lockDataFolder(folder);
    return await openFolder(around, folder, lock);
  } catch (error) {
    await lock?.release();
    throw queueError(startFault(error, folder));
  }
}

function checked(options: QueueOptions): QueuePlan {
  try {
    return readOptions(options);
  } catch (error) {
    throw queueError(error);
  }
}

interface Around {
  readonly plan: QueuePlan;
  readonly machine: QueueMachine;
  readonly identity: { readonly incarnation: string; readonly version: string; readonly bootId: string };
  readonly health: Health;
  readonly fault: FirstFault;
}

/** Faults come from any part, also before all are there: the first one counts. */
class FirstFault {
  #fault: Fault | null = null;
  #tell: ((fault: Fault) => void) | null = null;

  readonly take = (fault: Fault): void => {
    if (this.#fault) return;
    this.#fault = fault;
    this.#tell?.(fault);
  };

  whenTaken(tell: (fault: Fault) => void): void {
    this.#tell = tell;
    if (this.#fault) tell(this.#fault);
  }
}

async function openFolder(around: Around, folder: string, lock: DataFolderLock): Promise<LiveQueue> {
  const { plan, machine, identity, health, fault } = around;
  const { warn } = plan;
  const records = await openRecords({
    ...{ ...plan, ...machine, ...identity, dataDir: folder, health, onFault: fault.take },
    note: warn,
    cut: ({ file, offset }) =>
      warn(`an unfinished end of ${file} was cut off at byte ${offset}; its records come again from the journal`),
    damage: ({ file, offset, what }) => warn(`${file} is damaged at byte ${offset}: ${what}`),
  });
  const checking = setInterval(() => {
    try {
      lock.check();
    } catch (error) {
      fault.take(error as Fault);
    }
  }, lockCheckMs);
  checking.unref();
  const release = () => {
    clearInterval(checking);
    return lock.release();
  };
  try {
    return await begin(around, { ...records, state: records.replay.state, found: records }, release);
  } catch (error) {
    clearInterval(checking);
    await records.journal.close().catch(() => {});
    throw error;
  }
}

interface Kept extends Records {
  readonly state: State;
  /** What was found in the folder, with the history that it is completed in. */
  readonly found?: Pick<OpenedRecords, 'replay' | 'history'>;
}

async function begin(around: Around, kept: Kept, release: () => Promise<void>): Promise<LiveQueue> {
  const { plan, machine, identity, health, fault } = around;
  const { clock, chance } = machine;
  const { state, journal, history, ledger, pastRuns, found } = kept;
  const durable = (seq: number) => journal.durable(seq);
  const transitions = new Transitions();
  const unreadable = (error: unknown) => fault.take(faultOf(error));
  const recorder = new Recorder({ ...kept, events: transitions, clock, unreadable });
  if (found) await completeHistory(found.replay, found.history, recorder);
  const ids = new IdMaker((bytes) => void randomFillSync(bytes));
  if (found && found.replay.lastId !== '') ids.goOnAfter(found.replay.lastId);
  await endOrphans(state.children.values(), { bootId: identity.bootId, wait });
  const ended = ({ id, next, error }: AttemptEnded) => {
    if (next === 'failed') plan.warn(`task ${id} has failed for good: ${error?.message}`);
  };
  const stoppedAt = Math.max(state.lastStop?.at ?? 0, found?.replay.lastAt ?? 0);
  beginIncarnation(identity, { state, recorder, stoppedAt, ended });
  const consumers: Consumers = new Consumers({
    state,
    clock,
    chance,
    record: (event) => recorder.record(event),
    durable,
    warm: (tasks) => supervisor.warm(tasks),
    mayClaim: () => !journal.full,
  });
  const supervisor = new Supervisor({
    ...{ state, journal, history, recorder, ids, clock },
    dispatcher: consumers,
    handlers: { of: () => undefined },
    checkParams: () => null,
  });
  const retries = new RetryDesk({
    ...{ state, recorder, ids, clock, supervisor },
    handlerOf: () => undefined,
    checkParams: () => null,
    checkType() {},
    pump: () => consumers.pump(),
    settled: () => supervisor.settled(),
  });
  const mayChange = () => supervisor.mayTakeWork(true);
  const store = new StoreDesk({ state, recorder, clock, durable, mayChange });
  const timekeeper = new Timekeeper({
    ...{ state, journal, history, ledger, pastRuns, recorder, clock, health },
    dispatcher: consumers,
    // Schedules and runs are the business of a supervisor.
    scheduler: { nextAt: Number.POSITIVE_INFINITY, tick() {} },
    runs: { tick() {} },
    log: { warn: (...parts: unknown[]) => plan.warn(parts.join(' ')) },
  });
  journal.onDurable((seq) => {
    transitions.durable(seq);
    timekeeper.afterBatch();
  });
  journal.onSpace((full) => {
    if (full) plan.warn('the disk is full: nothing new is taken until there is room');
    else consumers.pump();
  });
  const queue = new LiveQueue({
    ...{ state, clock, supervisor, retries, consumers, store, transitions, durable },
    tasksMax: plan.tasksMax,
    async end(orderly) {
      await timekeeper.stop();
      if (orderly) recorder.record({ e: 'supervisor.stopped', incarnation: identity.incarnation });
      if (orderly) await recorder.departed();
      try {
        await Promise.all([history.close(), ledger.close(), pastRuns.close()]);
        await journal.close();
      } finally {
        await release();
      }
    },
  });
  fault.whenTaken((taken) => {
    queue.broke(taken);
    void timekeeper.stop();
  });
  await durable(state.seq);
  consumers.begin();
  timekeeper.begin();
  return queue;
}

function healthOf({ warn }: QueuePlan, { clock }: QueueMachine): Health {
  return new Health(clock, (condition) => warn(sayCondition(condition)));
}

function faultOf(error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault('diskFailed', (error as Error).message, 'check the disk, then open the queue again', {
    cause: error,
  });
}
