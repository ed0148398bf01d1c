/** What is wrong or worth knowing now, each with what to do about it. Conditions are raised and cleared by their code. */
import type { Clock } from './clock.ts';
import { iso } from './core/record.ts';
import type { HealthItem } from './facade.ts';

export type Condition = Omit<HealthItem, 'since'>;

/** A condition in one line, as logs have it. */
export function sayCondition({ message, action }: Pick<Condition, 'message' | 'action'>): string {
  return `${message}${/[.?!]$/.test(message) ? '' : '.'} ${action}`;
}

const severities = ['error', 'warning', 'info'];

export class Health {
  readonly #clock: Clock;
  readonly #raised: (condition: Condition) => void;
  readonly #items = new Map<string, HealthItem>();

  /** @param raised told of each condition as it comes up, not when it is raised again before it was cleared */
  constructor(clock: Clock, raised: (condition: Condition) => void = () => {}) {
    this.#clock = clock;
    this.#raised = raised;
  }

  /** Raised again under its code, a condition keeps its `since`. */
  raise(condition: Condition): void {
    const known = this.#items.get(condition.code);
    this.#items.set(condition.code, { ...condition, since: known?.since ?? iso(this.#clock.wall()) });
    if (!known) this.#raised(condition);
  }

  clear(code: string): void {
    this.#items.delete(code);
  }

  items(): readonly HealthItem[] {
    return [...this.#items.values()].sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  }
}
