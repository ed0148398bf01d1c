/**
 * Kills the real program at random moments while tasks come in over HTTP and by files, has it started again, by us or by
 * pm2, and compares what was promised with what is there in the end.
 * `npm run crash -- --kills 200 [--seed N] [--pm2]`.
 */
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { TaskView } from '../../supervisor/facade.ts';
import {
  dataFolder,
  executions,
  type Folder,
  NotStarted,
  type Running,
  SupervisorProcess,
} from '../helpers/supervisor-process.ts';
import { brokenByExecutions, brokenBySubmitters } from './broken.ts';
import { chanceOf } from './chance.ts';
import { type Keeper, Pm2Keeper } from './keeper.ts';
import { Ledger } from './ledger.ts';

export interface CrashOptions {
  readonly kills: number;
  readonly seed: number;
  /** pm2 brings it back, not we. */
  readonly pm2?: boolean;
  readonly say?: (line: string) => void;
}

export interface CrashReport {
  readonly seed: number;
  readonly kills: number;
  readonly killedBeforeListening: number;
  readonly acknowledged: number;
  readonly fromFiles: number;
  readonly unknownOutcomes: number;
  readonly interruptedAttempts: number;
  readonly executions: number;
  /** Endings that were told as they became durable. */
  readonly toldEndings: number;
  /** Tasks whose end was told or stood in the journal after a kill: none of them may run again. */
  readonly recordedEndings: number;
  readonly slowestStartMs: number;
  /** What went wrong, in sentences; empty when every promise was kept. */
  readonly broken: readonly string[];
}

const lifeMsMax = 500;
/** Some lives are long enough to work off what the short ones leave behind. */
const longLifeMsMax = 3_000;
const longLives = 0.25;
const bulkMax = 40;
/** Many lives leave a long queue behind. */
const settleMsMax = 900_000;
const clients = 4;
const bigParamsChars = 60_000;

class Round {
  readonly #supervisor: Running;
  readonly #ledger: Ledger;
  readonly #chance: () => number;
  readonly #folder: Folder;
  readonly #name: string;
  #on = true;

  constructor(supervisor: Running, ledger: Ledger, chance: () => number, name: string) {
    this.#supervisor = supervisor;
    this.#folder = supervisor.folder;
    this.#ledger = ledger;
    this.#chance = chance;
    this.#name = name;
  }

  /** Load from several sides until the process is gone. */
  async run(): Promise<void> {
    for (const key of [...this.#ledger.openKeys]) await this.#single(key);
    const loops = Array.from({ length: clients }, (_, client) =>
      this.#keepOn((turn) => this.#single(`${this.#name}/${client}/${turn}`)),
    );
    await Promise.all([
      ...loops,
      this.#keepOn((turn) => this.#list(`${this.#name}/list ${turn}`)),
      this.#keepOn((turn) => this.#drop(turn)),
      this.#keepOn(() => this.#look()),
      this.#listen(),
    ]);
  }

  stop(): void {
    this.#on = false;
  }

  async #keepOn(once: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; this.#on; turn++) await once(turn);
  }

  #params(): Record<string, unknown> {
    const ms = Math.floor(this.#chance() ** 3 * 12);
    return {
      file: this.#folder.record,
      ms,
      ...(this.#chance() < 0.02 && { fail: true }),
      ...(this.#chance() < 0.02 && { ballast: 'x'.repeat(bigParamsChars) }),
    };
  }

  /** One task with a key of its own; params must be the same each time. */
  async #single(key: string): Promise<void> {
    if (!this.#on) return;
    const { openKeys, idOfKey, acknowledged } = this.#ledger;
    openKeys.add(key);
    const answer = await this.#ask<{ task: TaskView }>('POST', '/tasks', {
      type: 'record',
      params: { file: this.#folder.record, ms: key.length % 7 },
      idempotencyKey: key,
      tags: ['single'],
    });
    if (!answer) return;
    openKeys.delete(key);
    idOfKey.set(key, answer.task.id);
    acknowledged.add(answer.task.id);
  }

  async #list(name: string): Promise<void> {
    const count = 1 + Math.floor(this.#chance() * bulkMax);
    const list = { count, acknowledged: false };
    this.#ledger.lists.set(name, list);
    const tasks = Array.from({ length: count }, () => ({
      type: 'record',
      params: { ...this.#params(), list: name },
      tags: ['list'],
    }));
    const answer = await this.#ask<{ tasks: TaskView[] }>('POST', '/tasks', tasks);
    if (!answer) return;
    list.acknowledged = true;
    for (const { id } of answer.tasks) this.#ledger.acknowledged.add(id);
    await wait(this.#chance() * 40);
  }

  async #drop(turn: number): Promise<void> {
    const count = 1 + Math.floor(this.#chance() * 5);
    const file = `${this.#name.replace(' ', '-')}-${turn}`;
    const tasks = Array.from({ length: count }, () => ({
      type: 'record',
      params: { ...this.#params(), drop: file },
      tags: ['file'],
    }));
    const [ending, text] = this.#written(tasks);
    const part = join(this.#folder.dir, 'inbox', `.${file}.part`);
    writeFileSync(part, text);
    this.#ledger.files.set(file, count);
    renameSync(part, join(this.#folder.dir, 'inbox', `${file}.${ending}`));
    await wait(10 + this.#chance() * 40);
  }

  #written(tasks: readonly unknown[]): [string, string] {
    const kind = this.#chance();
    if (kind < 0.4) return ['json', JSON.stringify(tasks)];
    if (kind < 0.8) return ['ndjson', tasks.map((task) => `${JSON.stringify(task)}\n`).join('')];
    return ['yaml', tasks.map((task) => `- ${JSON.stringify(task)}\n`).join('')];
  }

  /** Looks at a task; what is seen as finished must never run again. */
  async #look(): Promise<void> {
    const ids = [...this.#ledger.acknowledged];
    const id = ids[Math.floor(this.#chance() * ids.length)];
    if (id === undefined) return wait(20);
    const answer = await this.#ask<{ task: TaskView }>('GET', `/tasks/${id}`);
    if (answer) this.#ledger.finished.addView(answer.task, this.#name);
    await wait(5);
  }

  /** Every ending is published once it is durable: whoever is told so must never see the task run again. */
  async #listen(): Promise<void> {
    const text = new TextDecoder();
    let rest = '';
    try {
      const { body } = await fetch(`${this.#supervisor.url}/api/v1/events`);
      for await (const chunk of body ?? []) {
        const events = (rest + text.decode(chunk, { stream: true })).split('\n\n');
        rest = events.pop() ?? '';
        for (const event of events) this.#hear(event);
      }
    } catch {
      // It has been killed.
    }
  }

  #hear(event: string): void {
    if (!event.includes('event: attempt.ended\n')) return;
    const { id, n, outcome } = JSON.parse(event.slice(event.indexOf('data: ') + 6)) as Record<string, string>;
    this.#ledger.told++;
    if (outcome === 'succeeded')
      this.#ledger.finished.add(String(id), { attempt: Number(n), state: outcome, where: `told in ${this.#name}` });
  }

  /** @returns null when nobody can tell what became of it */
  async #ask<T>(method: string, path: string, body?: unknown): Promise<T | null> {
    try {
      const answer = await this.#supervisor.call<T>(method, path, body);
      if (answer.status < 300) return answer.body;
      throw new Refused(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    } catch (error) {
      if (error instanceof Refused) throw error;
      this.#on = false;
      if (method === 'POST') this.#ledger.unknown++;
      return null;
    }
  }
}

class Refused extends Error {}

export async function crash({ kills, seed, pm2 = false, say = () => {} }: CrashOptions): Promise<CrashReport> {
  const chance = chanceOf(seed);
  const folder = dataFolder();
  const keeper: Keeper = pm2 ? await Pm2Keeper.begin(folder) : spawning;
  const ledger = new Ledger();
  let early = 0;
  let slowest = 0;
  let ran = 0;
  let hasty = false;
  let last: Running | null = null;
  try {
    for (let kill = 1; kill <= kills; kill++) {
      if (!pm2 && chance() < 0.2) early += await killWhileStarting(folder, chance() * 900);
      const supervisor = await keeper.next(folder);
      slowest = Math.max(slowest, supervisor.startMs);
      const round = new Round(supervisor, ledger, chance, `round ${kill}`);
      const load = round.run();
      await Promise.race([someWork(folder, chance() < 0.3 && !hasty), load]);
      hasty = executions(folder).length === ran;
      ran = executions(folder).length;
      await Promise.race([wait(chance() * (chance() < longLives ? longLifeMsMax : lifeMsMax)), load]);
      await supervisor.kill();
      round.stop();
      await load;
      ledger.finished.readJournal(folder.dir, `after kill ${kill}`);
      say(
        `kill ${kill}: ${ledger.acknowledged.size} acknowledged, ${ledger.files.size} files, started in ${Math.round(supervisor.startMs)} ms`,
      );
    }
    last = await keeper.next(folder);
    return await settle(last, ledger, {
      seed,
      kills: kills + early,
      killedBeforeListening: early,
      slowestStartMs: Math.round(slowest),
    });
  } finally {
    await last?.kill();
    await keeper.end();
    folder.remove();
  }
}

const spawning: Keeper = { next: (folder) => SupervisorProcess.start(folder), end: async () => {} };

/**
 * Waits until this life has executed something, unless it is to be killed in haste. Lives too short for any task would
 * make innocent ones look as if they killed the supervisor: three crashes while one runs alone are a crash loop.
 */
async function someWork(folder: Folder, hasty: boolean): Promise<void> {
  const before = executions(folder).length;
  for (let tries = 0; !hasty && tries < 500 && executions(folder).length <= before + 2; tries++) await wait(10);
}

/** @returns 1 when it was killed before it listened */
async function killWhileStarting(folder: Folder, afterMs: number): Promise<number> {
  try {
    const supervisor = await SupervisorProcess.start(folder, {}, (kill) => void wait(afterMs).then(kill));
    await supervisor.kill();
    return 0;
  } catch (error) {
    if (error instanceof NotStarted && error.message.includes('SIGKILL')) return 1;
    throw error;
  }
}

/** Lets everything end, and compares. */
async function settle(
  supervisor: Running,
  ledger: Ledger,
  so: Pick<CrashReport, 'seed' | 'kills' | 'killedBeforeListening' | 'slowestStartMs'>,
): Promise<CrashReport> {
  for (const key of ledger.openKeys) {
    const { id } = await supervisor.add({
      type: 'record',
      params: { file: supervisor.folder.record, ms: key.length % 7 },
      idempotencyKey: key,
      tags: ['single'],
    });
    ledger.idOfKey.set(key, id);
    ledger.acknowledged.add(id);
  }
  await inboxEmpty(supervisor);
  await supervisor.untilIdle(settleMsMax);
  const tasks = await supervisor.tasks();
  const ran = executions(supervisor.folder);
  return {
    ...so,
    acknowledged: ledger.acknowledged.size,
    fromFiles: tasks.filter(({ tags }) => tags.includes('file')).length,
    unknownOutcomes: ledger.unknown,
    interruptedAttempts: tasks.reduce(
      (sum, { attempts }) => sum + attempts.filter(({ outcome }) => outcome === 'interrupted').length,
      0,
    ),
    executions: ran.length,
    toldEndings: ledger.told,
    recordedEndings: ledger.finished.byId.size,
    broken: [...brokenBySubmitters(tasks, ledger), ...brokenByExecutions(tasks, ran, ledger)],
  };
}

async function inboxEmpty(supervisor: Running): Promise<void> {
  const inbox = join(supervisor.folder.dir, 'inbox');
  const left = () =>
    readdirSync(inbox, { recursive: true, encoding: 'utf8' }).filter(
      (name) => /\.(json|ndjson|yaml)$/.test(name) || name.startsWith('.taking/'),
    );
  for (let tries = 0; left().length > 0; tries++) {
    if (tries > 3_000) throw new Error(`files are left in the inbox: ${left().join(', ')}\n${supervisor.output}`);
    await wait(20);
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '200' },
      seed: { type: 'string' },
      pm2: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  console.log(`seed ${seed}`);
  const { kills, pm2 } = values;
  const report = await crash({ kills: Number(kills), seed, pm2, say: (line) => console.log(line) });
  console.log(JSON.stringify(report, null, 2));
  process.exitCode = report.broken.length === 0 ? 0 : 1;
}

if (import.meta.url === `file://${process.argv[1]}`) await main();
