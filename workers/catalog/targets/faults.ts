/** What goes wrong between us and a target, in codes a person can act on. */
import { type HttpOptions, type HttpResponse, isPermanent } from '../../define.ts';
import type { Reach } from './target.ts';

/** So long a target may take nothing of what is sent to it. */
const stallMsMax = 60_000;
const UNREACHABLE = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
];
const CUT = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'];

/** What watches a body on its way. */
export class Stall {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | null = null;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something has moved. */
  moved(): void {
    this.end();
    const error = Object.assign(new Error(`nothing more was taken for ${stallMsMax / 1_000} s`), { code: 'cut_off' });
    this.#timer = setTimeout(() => this.#controller.abort(error), stallMsMax);
  }

  end(): void {
    if (this.#timer) clearTimeout(this.#timer);
  }
}

/**
 * One request to a target, its faults said.
 * @param what is done, as in "PUT a/b.mp3"
 * @throws `unreachable` where it is not there, `cut_off` where it went away in the middle
 */
export async function ask(
  { http }: Pick<Reach, 'http'>,
  url: string,
  options: HttpOptions,
  what: string,
): Promise<HttpResponse> {
  try {
    return await http.request(url, { redirectsMax: 0, ...options });
  } catch (error) {
    throw targetFault(error, new URL(url).host, what);
  }
}

export function targetFault(error: unknown, host: string, what: string): unknown {
  if (isPermanent(error) || !(error instanceof Error)) return error;
  const code = String((error as { code?: unknown }).code);
  if (UNREACHABLE.includes(code)) {
    return Object.assign(new Error(`the target cannot be reached: ${error.message}`), { code: 'unreachable' });
  }
  if (!CUT.includes(code)) return error;
  const message = `${host} went away in the middle of ${what}: ${error.message}`;
  return Object.assign(new Error(message), { code: 'cut_off' });
}

/** The text of an answer, of which only the beginning counts. */
export async function textOf(response: HttpResponse, bytesMax: number): Promise<string> {
  try {
    return await response.text(bytesMax);
  } catch {
    await response.discard();
    return '';
  }
}
