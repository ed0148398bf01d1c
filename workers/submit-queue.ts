/**
 * Tasks that a program submits, and work it puts into stages of its run. It cannot wait for an answer, so its output is not read on while many are under way; in the
 * order of its lines they are numbered, and a rerun submits none twice.
 */
import { submitsUnderWayMax } from './limits.ts';

export interface GivenWork {
  readonly is: 'task' | 'next';
  readonly work: unknown;
}

export class SubmitQueue {
  /** Why the first of those was refused that were; the attempt then fails. */
  refused: Error | null = null;
  readonly #submit: (given: GivenWork) => Promise<unknown>;
  readonly #waiting: GivenWork[] = [];
  #underWay = 0;
  #emptied: (() => void)[] = [];
  #settled: (() => void)[] = [];

  constructor(submit: (given: GivenWork) => Promise<unknown>) {
    this.#submit = submit;
  }

  /** @returns null, or a promise when no more should be added before it has resolved */
  add(given: GivenWork): Promise<void> | null {
    this.#waiting.push(given);
    this.#goOn();
    return this.#waiting.length === 0 ? null : new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** Resolves when all have been answered. */
  settled(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #goOn(): void {
    while (this.#waiting.length > 0 && this.#underWay < submitsUnderWayMax) {
      this.#underWay++;
      this.#submit(this.#waiting.shift() as GivenWork).then(
        () => this.#answered(null),
        (error: Error) => this.#answered(error),
      );
    }
    if (this.#waiting.length === 0) for (const resolve of this.#emptied.splice(0)) resolve();
    if (this.#underWay === 0) for (const resolve of this.#settled.splice(0)) resolve();
  }

  #answered(refused: Error | null): void {
    this.#underWay--;
    this.refused ??= refused;
    this.#goOn();
  }
}
