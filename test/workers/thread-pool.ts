/** A real Piscina with the real worker, for tests: the supervisor's side of the contract in few lines. */
import { mkdirSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type {
  BatchResult,
  CallItem,
  ControlMessage,
  ControlPort,
  LogItem,
  Order,
  OutcomeItem,
  StopReason,
  WorkerItem,
  WorkerMessage,
  WorkerSetup,
} from '../../workers/contract.ts';
import { LEDGER, packBatch } from '../../workers/contract.ts';
import { type MakeOrder, ordersFor } from '../helpers/orders.ts';

/** The folder of `package.json`: fixtures are not compiled and lie there. */
export async function projectFolder(): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = await readFile(join(folder, 'package.json')).catch(() => null);
    if (found) return folder;
  }
}

export async function fixture(name: string): Promise<string> {
  return join(await projectFolder(), 'test', 'fixtures', 'handlers', name);
}

type Answer = (call: CallItem) => Promise<unknown> | unknown;
type PoolOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

export interface Bed {
  readonly pool: TestPool;
  readonly dataDir: string;
  readonly order: MakeOrder;
}

export class TestPool {
  readonly piscina: Piscina;
  readonly items: WorkerItem[] = [];
  readonly ports: ControlPort[] = [];
  /** Lines that belonged to no attempt. */
  readonly printed: string[] = [];
  /** Errors that belong to no batch: a thread that ended by itself. */
  readonly errors: unknown[] = [];
  answer: Answer = () => null;
  #received = 0;
  #listeners = new Set<() => void>();

  constructor(setup: WorkerSetup, options: PoolOptions = {}) {
    const filename = fileURLToPath(new URL('../../workers/worker.js', import.meta.url));
    const fixed = {
      filename,
      name: 'perform',
      minThreads: 1,
      maxThreads: 1,
      atomics: 'disabled',
      workerData: setup,
    } as const;
    this.piscina = new Piscina({ ...fixed, ...options });
    this.piscina.on('message', (message: WorkerMessage) => this.#hear(message));
    this.piscina.on('error', (error) => this.errors.push(error));
  }

  #hear(message: WorkerMessage): void {
    if (message.kind === 'hello') {
      this.ports.push(message.control);
      message.control.unref();
    } else if (message.kind === 'printed') {
      this.printed.push(`${message.stream}: ${message.text}`);
      for (const listener of [...this.#listeners]) listener();
    } else {
      this.#received++;
      this.#take(message.items);
    }
  }

  #take(items: readonly WorkerItem[]): void {
    this.items.push(...items);
    for (const item of items) if (item.kind === 'call') this.#reply(item);
    for (const listener of [...this.#listeners]) listener();
  }

  async #reply(item: CallItem): Promise<void> {
    const { taskId, attempt, call } = item;
    try {
      this.send({ kind: 'replies', replies: [{ taskId, attempt, call, value: await this.answer(item) }] });
    } catch (error) {
      const { code = 'refused', message } = error as Error & { code?: string };
      this.send({ kind: 'replies', replies: [{ taskId, attempt, call, error: { code, message } }] });
    }
  }

  send(message: ControlMessage): void {
    for (const port of this.ports) port.postMessage(message);
  }

  stop(order: Order, reason: StopReason): void {
    this.send({ kind: 'stop', taskId: order.taskId, attempt: order.attempt, reason });
  }

  /** Resolves once everything the batch said has arrived, in whatever order the ports delivered it. */
  async run(orders: readonly Order[], ledger = newLedger(orders.length)): Promise<readonly WorkerItem[]> {
    const result: BatchResult = await this.piscina.run(packBatch(orders, ledger));
    await this.until(() => this.#received >= result.posted);
    this.#take(result.items);
    const ids = new Set(orders.map((order) => order.taskId));
    return this.items.filter((item) => ids.has(item.taskId));
  }

  async outcome(order: Order): Promise<OutcomeItem> {
    const items = await this.run([order]);
    const outcomes = items.filter(
      (item): item is OutcomeItem => item.kind === 'outcome' && item.attempt === order.attempt,
    );
    if (outcomes.length !== 1 || !outcomes[0]) throw new Error(`${outcomes.length} outcomes instead of one`);
    return outcomes[0];
  }

  log(order: Order): readonly LogItem[] {
    return this.items.filter((item): item is LogItem => item.kind === 'log' && item.taskId === order.taskId);
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
    });
  }
}

interface Test {
  teardown(call: () => unknown): void;
}

/** @param file handler to run, absolute */
export async function bed(
  t: Test,
  file: string,
  more: Partial<WorkerSetup> = {},
  options: PoolOptions = {},
): Promise<Bed> {
  const dataDir = await mkdtemp(join(tmpdir(), 'nightshift-workers-'));
  const scratchDir = join(dataDir, 'scratch');
  mkdirSync(scratchDir);
  const atOnce = (options.concurrentTasksPerWorker ?? 1) > 1;
  const pool = new TestPool({ incarnation: 'test', scratchDir, dataDir, graceMs: 5_000, atOnce, ...more }, options);
  t.teardown(async () => {
    await pool.piscina.destroy();
    await rm(dataDir, { recursive: true, force: true });
  });
  return { pool, dataDir, order: ordersFor(file, 'scripted') };
}

export function builtIn(name: string): string {
  return fileURLToPath(new URL(`../../workers/handlers/${name}.js`, import.meta.url));
}

export function newLedger(orders: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(orders * Int32Array.BYTES_PER_ELEMENT)).fill(LEDGER.waiting);
}
