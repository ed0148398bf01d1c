/** Progress of a download: bytes, and how fast they come lately. */
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const sampleMs = 500;
/** Weight of the newest sample. */
const smoothing = 0.3;

export function sayBytes(bytes: number): string {
  const power = bytes < 1_000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`;
}

export class Speed {
  #bytes: number;
  #at: number;
  #perSecond: number | null = null;

  constructor(bytes: number, now: number) {
    this.#bytes = bytes;
    this.#at = now;
  }

  /** @returns for instance `3.1 MB/s`, or null when it is too early to tell */
  text(bytes: number, now: number): string | null {
    const elapsedMs = now - this.#at;
    if (elapsedMs >= sampleMs) {
      const sample = ((bytes - this.#bytes) * 1_000) / elapsedMs;
      this.#perSecond = this.#perSecond === null ? sample : this.#perSecond + smoothing * (sample - this.#perSecond);
      this.#bytes = bytes;
      this.#at = now;
    }
    return this.#perSecond === null ? null : `${sayBytes(this.#perSecond)}/s`;
  }
}
