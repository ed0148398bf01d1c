/**
 * The handlers that serve while the supervisor runs: looked at anew whenever something in their folder is another one.
 * What is good serves the attempts that begin from then on; what is not is named, and the version before goes on.
 */
import { basename, join } from 'node:path';
import type { HandlerCatalog, HandlerDescription, HandlerFailure } from '../../workers/contract.ts';
import { describeHandlers } from '../catalog.ts';
import type { Clock } from '../clock.ts';
import type { HandlerChanged } from '../core/event.ts';
import type { Health } from '../health.ts';
import type { Log } from '../log.ts';
import { handlerChanges, sayChange } from './changes.ts';
import { chooseHandlers } from './choose.ts';
import { Served } from './served.ts';
import { HandlersWatch } from './watch-handlers.ts';

export interface LiveHandlersOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Log;
  /** HANDLER_OVERRIDES */
  readonly overrides: () => readonly string[];
  /** Versions of attempts under way. */
  readonly inUse: () => ReadonlySet<string>;
  /** Told of what serves from now on; not of what did from the start. */
  readonly adopted: (catalog: HandlerCatalog, changes: readonly HandlerChanged[]) => void;
}

const nothing: HandlerCatalog = { handlers: [], failures: [] };

export class LiveHandlers {
  readonly #in: LiveHandlersOptions;
  readonly #handlersDir: string;
  readonly #served: Served;
  readonly #watch: HandlersWatch;
  readonly #ending = new AbortController();
  #catalog: HandlerCatalog | null = null;
  #opened = false;
  #byType: ReadonlyMap<string, HandlerDescription> = new Map();
  /** What the last look found, and need not be tried again. */
  #tried: HandlerCatalog = nothing;
  /** One look at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LiveHandlersOptions) {
    this.#in = options;
    this.#handlersDir = join(options.dataDir, 'handlers');
    this.#served = new Served(join(options.dataDir, 'served'), this.#handlersDir);
    this.#watch = new HandlersWatch(this.#handlersDir, options.clock, (still) => this.look(still));
  }

  get catalog(): HandlerCatalog {
    return this.#catalog ?? nothing;
  }

  of(type: string): HandlerDescription | undefined {
    return this.#byType.get(type);
  }

  /** Takes the folder as it is at the start; what comes later is told. */
  async open(): Promise<void> {
    await this.#watch.first();
    this.#opened = true;
  }

  /** From now on it looks whenever something changes. */
  begin(): void {
    this.#watch.begin();
    this.#turn = this.#turn.then(() => this.#tidy());
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#watch.end();
    await this.#turn;
  }

  /**
   * Takes the folder as it is now.
   * @param still whether it is still what it was when this was asked for; when not, nothing is taken. Not asked at the start
   * @returns files in it that handlers import; null when it could not be looked at
   */
  look(still = async () => true): Promise<readonly string[] | null> {
    const done = this.#turn.then(() => this.#look(still));
    this.#turn = done.catch(() => {});
    return done.catch((error: Error) => {
      this.#in.log.warn(`the handlers could not be looked at: ${error.message}`);
      return null;
    });
  }

  async #look(still: () => Promise<boolean>): Promise<readonly string[] | null> {
    const { signal } = this.#ending;
    if (signal.aborted) return null;
    const before = this.#catalog?.handlers ?? (await this.#served.last());
    const places = { handlersDir: this.#handlersDir, servedDir: this.#served.folder };
    const found = await describeHandlers({ ...places, before: this.#tried, signal });
    if ((this.#opened && !(await still())) || signal.aborted) return null;
    const catalog = chooseHandlers(before, found, new Set(this.#in.overrides()));
    this.#tried = { handlers: found.handlers, failures: found.failures.filter(({ costly }) => costly === true) };
    await this.#take(catalog);
    return found.whole ? found.imports : null;
  }

  /**
   * Whoever asks in between is told of what served before: a task claimed for the lanes of the one and with the handlers
   * of the other would have none, or run where its handler does not belong.
   */
  async #take(catalog: HandlerCatalog): Promise<void> {
    const { adopted } = this.#in;
    const before = this.catalog;
    const changes = handlerChanges(before, catalog);
    const same = changes.length === 0 && this.#opened;
    if (!same) await this.#served.note(catalog.handlers).catch((error: Error) => this.#unnoted(error));
    this.#catalog = catalog;
    this.#byType = new Map(catalog.handlers.map((handler) => [handler.type, handler]));
    this.#report(before.failures, catalog.failures);
    if (same || !this.#opened) return;
    for (const change of changes) this.#in.log.info({ handler: change.file }, sayChange(change));
    adopted(catalog, changes);
    await this.#tidy();
  }

  /** What could not be removed is tried again after the next change. */
  async #tidy(): Promise<void> {
    await this.#served.tidy(this.catalog.handlers, this.#in.inUse()).catch(() => {});
  }

  /** Each failure is a condition of its own, told again when its wording changes. */
  #report(before: readonly HandlerFailure[], now: readonly HandlerFailure[]): void {
    const { health } = this.#in;
    const told = new Map(before.map((failure) => [failure.file, wordsOf(failure)]));
    const words = new Map(now.map((failure) => [failure.file, wordsOf(failure)]));
    for (const [file, message] of told) if (words.get(file) !== message) health.clear(`handler:${file}`);
    for (const [file, message] of words) {
      if (told.get(file) === message) continue;
      health.raise({
        code: `handler:${file}`,
        severity: 'error',
        message,
        action: 'Correct the file; it is taken as soon as it is right.',
      });
    }
  }

  /** They serve all the same; only a start with a spoiled file would not find the version before. */
  #unnoted(error: Error): void {
    this.#in.log.warn(`which handlers serve could not be written down: ${error.message}`);
  }
}

function wordsOf({ file, message, serving }: HandlerFailure): string {
  return `${file} ${message}${serving === undefined ? '' : `; ${basename(file)} goes on in version ${serving}`}`;
}
