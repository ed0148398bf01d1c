/** Attempts that have ended, by minute, over the last hour: for the page, kept in memory only. */
const minuteMs = 60_000;
const minutes = 61;

export class Throughput {
  readonly #counts = new Float64Array(minutes);
  readonly #minute = new Float64Array(minutes).fill(-1);

  /** @param now monotonic ms */
  note(now: number): void {
    const minute = Math.floor(now / minuteMs);
    const at = minute % minutes;
    if (this.#minute[at] !== minute) {
      this.#minute[at] = minute;
      this.#counts[at] = 0;
    }
    this.#counts[at] = (this.#counts[at] as number) + 1;
  }

  /** Mean a minute over the last `span` minutes, the one that runs included by its share. */
  perMinute(now: number, span: number): number {
    const current = Math.floor(now / minuteMs);
    const share = now / minuteMs - current;
    let sum = 0;
    for (let back = 0; back <= span; back++) {
      const minute = current - back;
      const at = ((minute % minutes) + minutes) % minutes;
      if (this.#minute[at] !== minute) continue;
      sum += (this.#counts[at] as number) * (back === span ? 1 - share : 1);
    }
    return Math.round((sum / span) * 10) / 10;
  }
}
