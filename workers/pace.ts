/** How often an attempt's news leave the thread. The latest value always arrives; log lines that were cut are counted. */
import { logBytesPerAttemptMax, logLinesPerSecondMax } from './limits.ts';

/** Sends a value at once when the last one is old enough, else the newest one as soon as it is. */
export class Latest<Value> {
  #pending: Value | null = null;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;
  readonly #intervalMs: number;
  readonly #send: (value: Value) => void;

  constructor(intervalMs: number, send: (value: Value) => void) {
    this.#intervalMs = intervalMs;
    this.#send = send;
  }

  offer(value: Value): void {
    const now = performance.now();
    this.#pending = value;
    if (now - this.#sentAt >= this.#intervalMs) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#sentAt + this.#intervalMs - now);
  }

  /** Sends what still waits. */
  flush(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#pending === null) return;
    const value = this.#pending;
    this.#pending = null;
    this.#sentAt = performance.now();
    this.#send(value);
  }
}

/** What the log of one attempt may take: lines a second, and bytes altogether. */
export class LogAllowance {
  #tokens = logLinesPerSecondMax;
  #refilledAt = performance.now();
  #bytes = 0;
  #cutLines = 0;
  #cutBytes = 0;

  /** @returns whether the line may go; one that may not is counted */
  admits(lineBytes: number): boolean {
    const now = performance.now();
    this.#tokens = Math.min(
      logLinesPerSecondMax,
      this.#tokens + ((now - this.#refilledAt) * logLinesPerSecondMax) / 1_000,
    );
    this.#refilledAt = now;
    if (this.#tokens < 1 || this.#bytes + lineBytes > logBytesPerAttemptMax) {
      this.#cutLines++;
      this.#cutBytes += lineBytes;
      return false;
    }
    this.#tokens--;
    this.#bytes += lineBytes;
    return true;
  }

  /** @returns the line that stands for those cut since the last call, or null when none were */
  takeCut(): string | null {
    if (this.#cutLines === 0) return null;
    const why = `more than ${logLinesPerSecondMax} lines a second or ${logBytesPerAttemptMax / 1024 / 1024} MiB an attempt`;
    const text = `${this.#cutLines} log lines (${this.#cutBytes} bytes) were left out here: ${why}`;
    this.#cutLines = 0;
    this.#cutBytes = 0;
    return text;
  }
}
