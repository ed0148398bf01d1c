/** The HTTP layer over a paper supervisor, on a real port, with a clock that a test may push forward. */
import { connect } from 'node:net';
import type { Test } from 'tap';
import { Agent, request } from 'undici';
import { type Clock, machineClock } from '../../supervisor/clock.ts';
import type { LibraryFacade } from '../../supervisor/library-facade.ts';
import type { RunsFacade } from '../../supervisor/runs-facade.ts';
import type { SchedulesFacade } from '../../supervisor/schedules-facade.ts';
import type { SettingsFacade } from '../../supervisor/settings-facade.ts';
import type { StoreFacade } from '../../supervisor/store-facade.ts';
import { createApp } from '../../web/app.ts';
import { listen } from '../../web/server.ts';
import type { WebSettings } from '../../web/settings.ts';
import { type DeskBed, openDesk } from '../helpers/desk.ts';
import { ScriptedEvents, ScriptedFacade } from '../helpers/scripted-facade.ts';

export const localToken = 'local-token-of-the-data-folder';

export const DEFAULTS: WebSettings = {
  host: '127.0.0.1',
  base: '',
  token: null,
  localToken,
  readToken: null,
  allowedHosts: [],
  loopbackOpen: true,
  timezone: 'UTC',
};

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

/** Short waits are real; those of ten seconds and more happen when a test says so. */
export class TestClock implements Clock {
  skewMs = 0;
  /** Short waits that are over. */
  rounds = 0;
  readonly #long = new Set<() => void>();

  wall(): number {
    return machineClock.wall() + this.skewMs;
  }

  monotonic(): number {
    return machineClock.monotonic() + this.skewMs;
  }

  after(delayMs: number, call: () => void): () => void {
    if (delayMs < 10_000) {
      return machineClock.after(delayMs, () => {
        call();
        this.rounds++;
      });
    }
    this.#long.add(call);
    return () => this.#long.delete(call);
  }

  get waiting(): number {
    return this.#long.size;
  }

  fireLong(): void {
    const calls = [...this.#long];
    this.#long.clear();
    for (const call of calls) call();
  }
}

export async function serve(
  t: Test,
  given: Partial<WebSettings> & {
    publicDir?: string;
    events?: ScriptedEvents;
    desk?: SettingsFacade;
    schedules?: SchedulesFacade;
    runs?: RunsFacade;
    store?: StoreFacade;
    library?: LibraryFacade;
    taskOf?: (token: string) => string | null;
  } = {},
) {
  const {
    publicDir = '/nonexistent',
    events = new ScriptedEvents(),
    desk,
    schedules = null as never,
    runs = null as never,
    store = null as never,
    library = null as never,
    taskOf = () => null,
    ...settings
  } = given;
  const facade = new ScriptedFacade(events);
  const clock = new TestClock();
  const lines: LogLine[] = [];
  const into = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as LogLine['fields'], message });
  };
  const log = { info: into('info'), warn: into('warn'), error: into('error') };
  const current: { settings: WebSettings } = { settings: { ...DEFAULTS, ...settings } };
  const bed = desk ? null : await openDesk();
  const app = createApp({
    facade,
    desk: desk ?? (bed as DeskBed).desk,
    schedules,
    runs,
    store,
    library,
    taskOf,
    settings: () => current.settings,
    publicDir,
    clock,
    log,
  });
  const server = await listen({ app, host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAliveTimeout: 1_000 });
  t.teardown(async () => {
    await agent.destroy();
    await server.close();
    await bed?.end();
  });

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const json = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
    const answer = await request(server.url + path, {
      dispatcher: agent,
      method: method as 'GET',
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      body: json ? JSON.stringify(body) : ((body as string | Buffer | undefined) ?? null),
    });
    const text = await answer.body.text();
    const type = String(answer.headers['content-type'] ?? '');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text,
      json: /[/+]json/.test(type) && text !== '' ? JSON.parse(text) : null,
    };
  }

  /** For what no HTTP client would send. @returns everything that came back until the other side closed */
  function raw(text: string, end: 'half-close' | 'leave open' = 'leave open'): Promise<string> {
    return new Promise((resolve, reject) => {
      let said = '';
      const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }, () => {
        if (end === 'half-close') socket.end(text);
        else socket.write(text);
      });
      socket.setEncoding('utf8');
      socket.on('data', (chunk) => {
        said += chunk;
      });
      socket.on('end', () => {
        socket.destroy();
        resolve(said);
      });
      socket.on('error', reject);
    });
  }

  return { facade, app, server, agent, clock, lines, current, call, raw, url: server.url };
}

export type Served = Awaited<ReturnType<typeof serve>>;

/** Waits for what is bound to come; the test's own timeout is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function isProblem(t: Test, answer: Answer, status: number, code: string, words?: RegExp) {
  t.equal(answer.status, status, `status of ${answer.text.slice(0, 200)}`);
  t.equal(answer.headers['content-type'], 'application/problem+json');
  t.equal(answer.json.code, code);
  t.equal(answer.json.status, status);
  t.type(answer.json.title, 'string');
  if (words) t.match(answer.text, words);
}
