/**
 * The wish that the supervisor stop: a signal, pm2's message, or the end of whoever started it. Heard from the first moment
 * on, so that one that comes during the start ends it in order too. The first drains, the second stops at once; a journal
 * left open so is recovered at the next start.
 */
import { EXIT } from './core/fault.ts';

/** Thrown by a start that has been asked to stop. */
export class StopAsked extends Error {}

export class StopWish {
  /** Null as long as there is none. */
  #reason: string | null = null;
  #again: (reason: string) => void = () => process.exit(EXIT.ok);
  #hear: (reason: string) => void = () => {};
  readonly #made = new Promise<string>((resolve) => {
    this.#hear = resolve;
  });

  get isMade(): boolean {
    return this.#reason !== null;
  }

  make(reason: string): void {
    if (this.#reason !== null) this.#again(reason);
    this.#reason = reason;
    this.#hear(reason);
  }

  /** Between two steps of the start. @throws StopAsked */
  check(): void {
    if (this.#reason !== null) throw new StopAsked(this.#reason);
  }

  /** For a step that may take long and can be broken off. @throws StopAsked */
  async during(step: Promise<void>): Promise<void> {
    await Promise.race([step, this.#made]);
    this.check();
  }

  /** The second wish: ends the process, in whatever step it is. */
  whenMadeAgain(act: (reason: string) => void): void {
    this.#again = act;
  }

  /** For a supervisor that has started. */
  whenMade(act: (reason: string) => void): void {
    void this.#made.then(act);
  }
}

/** Once in a process. */
export function hearStopWish(): StopWish {
  const wish = new StopWish();
  process.on('SIGINT', () => wish.make('SIGINT'));
  process.on('SIGTERM', () => wish.make('SIGTERM'));
  process.on('message', (message) => message === 'shutdown' && wish.make('asked to by pm2'));
  // Behind pm2's message it is no second wish.
  process.on('disconnect', () => !wish.isMade && wish.make('the one who started it is gone'));
  return wish;
}
