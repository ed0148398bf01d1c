/**
 * The real program in a process of its own, on a data folder of its own: started, asked over HTTP, killed. What its
 * handlers did is read from a file they append to, so that executions are counted from outside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TaskView } from '../../supervisor/facade.ts';

const program = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
const startMsMax = 40_000;
const pollMs = 20;

/** Says where it runs: `params.file` gets a line `ID ATTEMPT` for each execution; then it waits `ms` and ends as told. */
const RECORD = `
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
export default {
  type: 'record',
  maxAttempts: 1,
  async run({ file, ms = 0, fail = false }, ctx) {
    appendFileSync(file, ctx.task.id + ' ' + ctx.attempt + '\\n');
    if (ms > 0) await wait(ms, undefined, { signal: ctx.signal });
    if (fail) throw new Error('as asked');
    return { ok: true };
  },
};
`;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  /** Settings by their names. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly arguments?: readonly string[];
  /** A program that runs the supervisor, with its arguments, e.g. strace. */
  readonly under?: readonly string[];
  /** With a channel for messages, as pm2 starts it. */
  readonly channel?: boolean;
}

export interface Folder {
  readonly dir: string;
  readonly record: string;
  remove(): void;
}

/** A data folder with the `record` handler in it, and others by file name. */
export function dataFolder(handlers: Readonly<Record<string, string>> = {}, parent: string = tmpdir()): Folder {
  const root = mkdtempSync(join(parent, 'nightshift-'));
  const dir = join(root, 'data');
  mkdirSync(join(dir, 'handlers'), { recursive: true, mode: 0o700 });
  mkdirSync(join(dir, 'inbox'), { mode: 0o700 });
  for (const [name, source] of Object.entries({ 'record.mjs': RECORD, ...handlers }))
    writeFileSync(join(dir, 'handlers', name), source);
  return { dir, record: join(root, 'record'), remove: () => rmSync(root, { recursive: true, force: true }) };
}

/** Executions so far, `ID ATTEMPT` each. */
export function executions(folder: Folder): readonly string[] {
  return existsSync(folder.record) ? readFileSync(folder.record, 'utf8').split('\n').slice(0, -1) : [];
}

/** A group of its own outlives us, unless it is ended. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) killGroup(child);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

function launch(
  dir: string,
  { settings = {}, arguments: extra = [], under = [], channel = false }: StartOptions,
): ChildProcess {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(environment))
    if (name.startsWith('NIGHTSHIFT_') || name.startsWith('TAP')) delete environment[name];
  for (const [name, value] of Object.entries({ INBOX_SETTLE: '50ms', ...settings }))
    environment[`NIGHTSHIFT_${name}`] = value;
  delete environment['NODE_V8_COVERAGE'];
  const port = extra.includes('--port') ? [] : ['--port', '0'];
  const [command = process.execPath, ...rest] = [
    ...under,
    process.execPath,
    program,
    'start',
    '--data',
    dir,
    ...port,
    ...extra,
  ];
  // A group of its own, so that a wrapper and what it runs can be killed together.
  const stdio = ['ignore', 'pipe', 'pipe', ...(channel ? ['ipc' as const] : [])] as const;
  const child = spawn(command, rest, { env: environment, stdio: [...stdio], detached: true });
  running.add(child);
  endOf(child).then(
    () => running.delete(child),
    () => running.delete(child),
  );
  return child;
}

/** Once it has ended and said all it had to say; `close` alone never comes after we have closed the channel ourselves. */
async function endOf(child: ChildProcess): Promise<Ended> {
  const said = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  await Promise.all(said);
  return { code, signal };
}

/**
 * Runs a start that is expected to end by itself.
 * @param spawned called with the process as soon as there is one
 */
export async function startAndEnd(
  dir: string,
  options: StartOptions = {},
  spawned?: (child: ChildProcess) => void,
): Promise<Ended & { readonly output: string }> {
  const child = launch(dir, options);
  spawned?.(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => killGroup(child), startMsMax);
  const { code, signal } = await endOf(child);
  clearTimeout(timer);
  return { code, signal, output };
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // it is gone already
  }
}

/** What is asked of a supervisor over HTTP, however it was started. */
export abstract class Running {
  readonly folder: Folder;
  readonly url: string;
  /** From its start to listening. */
  readonly startMs: number;

  constructor(folder: Folder, url: string, startMs: number) {
    this.folder = folder;
    this.url = url;
    this.startMs = startMs;
  }

  /** What it said; for messages. */
  abstract get output(): string;

  /** Its log so far. */
  logged(): readonly Record<string, unknown>[] {
    return logLines(this.output);
  }

  /** kill -9, and waits until it is gone. */
  abstract kill(): Promise<void>;

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly status: number; readonly body: T }> {
    const response = await fetch(
      `${this.url}${path.startsWith('/api') || !path.startsWith('/') ? path : `/api/v1${path}`}`,
      {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      },
    );
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  /** With the token that who may read the data folder has. */
  async callAsOwner<T = Record<string, unknown>>(method: string, path: string, body?: unknown) {
    const token = readFileSync(join(this.folder.dir, 'token'), 'utf8').trim();
    return this.call<T>(method, path, body, { authorization: `Bearer ${token}` });
  }

  /** Submits one task. */
  async add(task: Readonly<Record<string, unknown>>): Promise<TaskView> {
    const { status, body } = await this.call<{ task: TaskView }>('POST', '/tasks', task);
    if (status !== 201 && status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body.task;
  }

  async task(id: string): Promise<TaskView> {
    const { status, body } = await this.call<{ task: TaskView }>('GET', `/tasks/${id}`);
    if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body.task;
  }

  /** Every task, live and finished. */
  async tasks(query = ''): Promise<readonly TaskView[]> {
    const all: TaskView[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { status, body }: { status: number; body: { items: TaskView[]; next: string | null } } = await this.call(
        'GET',
        `/tasks?limit=500${query}${from}`,
      );
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
      all.push(...body.items);
      cursor = body.next;
    }
    return all;
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    const { body } = await this.call<{ counts: Record<string, number> }>('GET', '/status');
    return body.counts;
  }

  /** Waits until a task is in one of these states. */
  async until(id: string, ...states: readonly TaskView['state'][]): Promise<TaskView> {
    return eventually(`task ${id} to be ${states.join(' or ')}`, async () => {
      const task = await this.task(id);
      return states.includes(task.state) ? task : null;
    });
  }

  /** Waits until nothing waits and nothing runs. */
  async untilIdle(msMax = 60_000): Promise<void> {
    await eventually(
      'everything to end',
      async () => {
        const { scheduled = 0, queued = 0, running = 0, retrying = 0 } = await this.counts();
        return scheduled + queued + running + retrying === 0 ? true : null;
      },
      msMax,
    );
  }
}

export class SupervisorProcess extends Running {
  /** Of the supervisor itself, also where it runs under another program. */
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #output: string[];

  private constructor(
    folder: Folder,
    child: ChildProcess,
    ended: Promise<Ended>,
    output: string[],
    url: string,
    startMs: number,
  ) {
    super(folder, url, startMs);
    this.#child = child;
    this.ended = ended;
    this.#output = output;
    // In a mount namespace of its own the file is out of sight; then no process stands between.
    const about = join(folder.dir, 'supervisor.json');
    this.pid = existsSync(about)
      ? (JSON.parse(readFileSync(about, 'utf8')) as { pid: number }).pid
      : (child.pid as number);
  }

  /** @param spawned called with the process as soon as there is one; it may be killed before it listens */
  static async start(
    folder: Folder,
    options: StartOptions = {},
    spawned?: (kill: () => void) => void,
  ): Promise<SupervisorProcess> {
    const began = performance.now();
    const child = launch(folder.dir, options);
    spawned?.(() => killGroup(child));
    const output: string[] = [];
    const ended = endOf(child);
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => fail('it did not listen in time'), startMsMax);
      const fail = (why: string) => {
        clearTimeout(timer);
        killGroup(child);
        reject(new NotStarted(`${why}:\n${output.join('')}`));
      };
      const heard = (chunk: Buffer) => {
        output.push(chunk.toString());
        const match = /listening on (http:\/\/[^\s"]+)/.exec(output.join(''));
        if (!match) return;
        clearTimeout(timer);
        resolve(match[1] as string);
      };
      child.stdout?.on('data', heard);
      child.stderr?.on('data', (chunk: Buffer) => output.push(chunk.toString()));
      void ended.then(({ code, signal }) => fail(`it ended with ${code ?? signal}`));
    });
    return new SupervisorProcess(folder, child, ended, output, url, performance.now() - began);
  }

  override get output(): string {
    return this.#output.join('');
  }

  override async kill(): Promise<void> {
    killGroup(this.#child);
    await this.ended;
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** By the channel it was started with. */
  send(message: string): void {
    this.#child.send(message);
  }

  disconnect(): void {
    this.#child.disconnect();
  }

  async stop(): Promise<Ended> {
    try {
      this.signal('SIGTERM');
    } catch {
      // it has ended by itself
    }
    return this.ended;
  }
}

/** Lines of the log in what a supervisor has written; the last one may be unfinished. */
export function logLines(output: string): readonly Record<string, unknown>[] {
  const whole = output.split('\n').slice(0, -1);
  return whole.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
}

export class NotStarted extends Error {}

/** Looks again and again until there is an answer. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null> | T | null,
  msMax = 60_000,
): Promise<T> {
  const until = performance.now() + msMax;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > until) throw new Error(`waited ${msMax} ms in vain for ${what}`);
    await wait(pollMs);
  }
}
