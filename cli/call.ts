/** Speaks to the running supervisor: its address stands in `supervisor.json` of the data folder, its token in `token`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localAddress } from '../supervisor/core/local-address.ts';
import type { Mistake } from '../supervisor/core/refusal.ts';
import { showTimesIn } from './local-time.ts';
import { ownVersion } from './version.ts';

const answerMsMax = 60_000;

/** No supervisor answers for this data folder. */
export class NotReachable extends Error {}

/** It answered "no". */
export class Refused extends Error {
  readonly code: string;
  readonly mistakes: readonly Mistake[];

  constructor(message: string, code: string, mistakes: readonly Mistake[]) {
    super(message);
    this.code = code;
    this.mistakes = mistakes;
  }
}

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface Supervisor {
  get<Body>(path: string, query?: Query): Promise<Body>;
  post<Body>(path: string, body: unknown, query?: Query): Promise<Answer<Body>>;
  put<Body>(path: string, body: unknown, headers?: Headers): Promise<Answer<Body>>;
  patch<Body>(path: string, body: unknown, headers?: Headers): Promise<Answer<Body>>;
  remove(path: string, headers?: Headers): Promise<void>;
  /** Text as it comes, without an end to wait for. */
  stream(path: string, query?: Query): Promise<AsyncIterable<Uint8Array>>;
}
/** Beside those that every call has. */
export type Headers = Readonly<Record<string, string>>;
export type Query = Readonly<Record<string, string | number | undefined>>;

/** @throws NotReachable when the data folder names no living supervisor */
export function supervisorOf(dataDir: string): Supervisor {
  const url = urlOf(dataDir);
  const token = tokenOf(dataDir);

  async function ask(
    method: string,
    path: string,
    query: Query,
    body: unknown,
    signal: AbortSignal | null,
    more: Headers = {},
  ): Promise<Response> {
    const address = `${url}/api/v1/${path}${queryText(query)}`;
    const headers = {
      'user-agent': `nightshift-cli/${ownVersion()}`,
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...more,
    };
    let response: Response;
    try {
      response = await fetch(address, {
        method,
        headers,
        signal,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (thrown) {
      throw new NotReachable(`the supervisor does not answer at ${url}: ${reasonOf(thrown)}`);
    }
    const zone = response.headers.get('nightshift-timezone');
    if (zone !== null) showTimesIn(zone);
    if (response.ok) return response;
    throw await refusalOf(response);
  }

  async function change<Body>(method: string, path: string, body: unknown, query: Query = {}, headers: Headers = {}) {
    const response = await ask(method, path, query, body, AbortSignal.timeout(answerMsMax), headers);
    return { status: response.status, body: (await response.json()) as Body };
  }

  return {
    async get<Body>(path: string, query: Query = {}) {
      return (await (await ask('GET', path, query, undefined, AbortSignal.timeout(answerMsMax))).json()) as Body;
    },
    post: (path, body, query) => change('POST', path, body, query),
    put: (path, body, headers) => change('PUT', path, body, {}, headers),
    patch: (path, body, headers) => change('PATCH', path, body, {}, headers),
    async remove(path, headers) {
      await ask('DELETE', path, {}, undefined, AbortSignal.timeout(answerMsMax), headers);
    },
    async stream(path, query = {}) {
      const response = await ask('GET', path, query, undefined, null);
      // What Node's streams can do, the types of browsers' streams do not say.
      return (response.body ?? []) as unknown as AsyncIterable<Uint8Array>;
    },
  };
}

function urlOf(dataDir: string): string {
  const file = join(dataDir, 'supervisor.json');
  let known: { pid?: unknown; url?: unknown };
  try {
    known = JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !existsSync(dataDir))
      throw new NotReachable(`${dataDir} does not exist; to begin: mkdir -p ${dataDir} && ${startOf(dataDir)}`);
    if (code === 'ENOENT')
      throw new NotReachable(
        `no supervisor runs on ${dataDir} (it has no supervisor.json); start one: ${startOf(dataDir)}`,
      );
    throw new NotReachable(`${file} cannot be read: ${(thrown as Error).message}`);
  }
  if (typeof known.url !== 'string' || typeof known.pid !== 'number')
    throw new NotReachable(`${file} does not say where the supervisor is`);
  // Left behind by one that was killed, the port may by now belong to a stranger, who must not be sent the token.
  if (!isAlive(known.pid))
    throw new NotReachable(
      `the supervisor of ${dataDir} is not running (process ${known.pid} has ended); start it again`,
    );
  return localAddress(known.url.replace(/\/+$/, ''));
}

function startOf(dataDir: string): string {
  return `nightshift start --data ${dataDir}`;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Without it a local user may still do much; the supervisor decides. */
function tokenOf(dataDir: string): string | null {
  try {
    return readFileSync(join(dataDir, 'token'), 'utf8').trim() || null;
  } catch {
    return null;
  }
}

function queryText(query: Query): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? '' : `?${given}`;
}

/** `fetch` hides why behind "fetch failed". */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === 'TimeoutError') return `no answer within ${answerMsMax / 1_000} s`;
  const { cause } = thrown;
  return cause instanceof Error ? (cause as NodeJS.ErrnoException).code || cause.message : thrown.message;
}

async function refusalOf(response: Response): Promise<Refused> {
  const said = (await response.json().catch(() => null)) as {
    detail?: unknown;
    code?: unknown;
    errors?: unknown;
  } | null;
  const message =
    typeof said?.detail === 'string'
      ? said.detail
      : `the supervisor answered ${response.status} ${response.statusText}`;
  const code = typeof said?.code === 'string' ? said.code : `http_${response.status}`;
  return new Refused(message, code, Array.isArray(said?.errors) ? (said.errors as Mistake[]) : []);
}
