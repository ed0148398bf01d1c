/** What is wrong or worth knowing now, each with what to do about it. Conditions are raised and cleared by their code. */
import type { Clock } from './clock.ts';
import { iso } from './core/record.ts';
import type { HealthItem } from './facade.ts';

export type Condition = Omit<HealthItem, 'since'>;

const severities = ['error', 'warning', 'info'];

export class Health {
  readonly #clock: Clock;
  readonly #items = new Map<string, HealthItem>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Raised again under its code, a condition keeps its `since`. */
  raise(condition: Condition): void {
    const since = this.#items.get(condition.code)?.since ?? iso(this.#clock.wall());
    this.#items.set(condition.code, { ...condition, since });
  }

  clear(code: string): void {
    this.#items.delete(code);
  }

  items(): readonly HealthItem[] {
    return [...this.#items.values()].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  }
}
