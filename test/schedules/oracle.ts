/**
 * Judges a life of schedules by what was written down alone: works out by itself what was planned, by the rule and the
 * zone in force at the time, and looks for planned times with no outcome, with two, or with two tasks.
 */
import type { Event } from '../../supervisor/core/event.ts';
import { ledgerRows } from '../../supervisor/core/schedule/ledger-rows.ts';
import { plannedAfter } from '../../supervisor/core/schedule/next.ts';
import type { Occurrence, Rule } from '../../supervisor/core/schedule/schedule.ts';
import type { Line } from '../helpers/memory-journal.ts';

/** A stretch in which a schedule followed one rule in one zone: planned times later than `from`, up to `to`. */
interface Regime {
  readonly rule: Rule;
  readonly zone: string;
  readonly from: number;
  to: number;
}

interface Known {
  readonly outcome: Occurrence['outcome'];
  readonly task: string | null;
  readonly seq: number;
}

interface Life {
  readonly name: string;
  rule: Rule;
  readonly regimes: Regime[];
  readonly outcomes: Map<number, Known>;
  readonly active: Set<string>;
  readonly waiting: Map<number, string>;
}

export interface Verdict {
  readonly faults: readonly string[];
  readonly planned: number;
  readonly tasks: number;
}

const iso = (ms: number) => new Date(ms).toISOString();

export class Oracle {
  readonly #faults: string[] = [];
  readonly #lives = new Map<string, Life>();
  readonly #ofTask = new Map<string, Life>();
  /** When the clock was found behind where it had been, and where it was then. */
  readonly #back: { readonly seq: number; readonly at: number }[] = [];
  #zone: string | null = null;
  #planned = 0;
  #tasks = 0;
  #caughtUp = { group: -1, schedule: '', count: 0 };

  /** @param settledTo up to where planned times of a schedule that is still there must have an outcome */
  judge(lines: readonly Line[], settledTo: (schedule: string) => number): Verdict {
    for (const line of lines) this.#hear(line);
    for (const [id, life] of this.#lives) {
      const last = life.regimes.at(-1);
      if (last && last.to === Number.POSITIVE_INFINITY) last.to = settledTo(id);
      if (life.waiting.size > 0) this.#fault(life, [...life.waiting.keys()][0] as number, 'waits forever');
      let done = false;
      for (const [index, regime] of life.regimes.entries()) {
        done &&= !isOther(life.regimes[index - 1], regime);
        if (!done) this.#complete(life, regime);
        done ||= hadItsTurn(life, regime);
      }
    }
    return { faults: this.#faults, planned: this.#planned, tasks: this.#tasks };
  }

  #hear(line: Line): void {
    const { event, at } = line;
    switch (event.e) {
      case 'schedule.created': {
        const regime = this.#regime(event.rule, at);
        const life = { name: event.rule.name, rule: event.rule, regimes: [regime] };
        this.#lives.set(event.id, { ...life, outcomes: new Map(), active: new Set(), waiting: new Map() });
        return;
      }
      case 'schedule.changed': {
        const life = this.#lives.get(event.id) as Life;
        life.rule = event.rule;
        if (event.after !== null) this.#turn(life, event.after);
        return;
      }
      case 'schedule.deleted': {
        const life = this.#lives.get(event.id) as Life;
        (life.regimes.at(-1) as Regime).to = at;
        return;
      }
      case 'scheduler.set':
        if (event.zone === this.#zone) return;
        this.#zone = event.zone;
        for (const life of this.#lives.values()) {
          const open = life.regimes.at(-1)?.to === Number.POSITIVE_INFINITY;
          if (open && life.rule.timezone === null) this.#turn(life, event.after);
        }
        return;
      case 'clock.jumped':
      case 'supervisor.started':
        this.#back.push({ seq: line.seq, at });
        return;
      case 'attempt.ended':
        if (event.next === 'succeeded' || event.next === 'failed' || event.next === 'canceled') this.#ended(event.id);
        return;
      case 'task.canceled':
        this.#ended(event.id);
        return;
      default:
        this.#rows(line);
    }
  }

  #ended(task: string): void {
    this.#ofTask.get(task)?.active.delete(task);
  }

  #regime(rule: Rule, from: number): Regime {
    return { rule, zone: rule.timezone ?? this.#zone ?? 'UTC', from, to: Number.POSITIVE_INFINITY };
  }

  #turn(life: Life, at: number): void {
    (life.regimes.at(-1) as Regime).to = at;
    life.regimes.push(this.#regime(life.rule, at));
  }

  #rows(line: Line): void {
    const { event } = line;
    const rows = ledgerRows(event);
    const id = rows?.schedule ?? (event.e === 'occurrences.settled' ? event.id : null);
    const life = id === null ? undefined : this.#lives.get(id);
    if (!life) return;
    if (event.e === 'occurrences.settled') this.#waits(life, line, event);
    for (const row of rows?.occurrences ?? []) {
      if (row.taskId !== undefined) this.#accepted(life, line, row);
      if (row.reason?.startsWith('run by hand')) continue;
      life.waiting.delete(row.plannedAt);
      for (const plannedAt of this.#timesOf(life, row)) this.#note(life, plannedAt, row, line.seq);
    }
  }

  /** Whoever waits for the first time has been decided on now. */
  #waits(life: Life, line: Line, { id, waiting }: Event & { e: 'occurrences.settled' }): void {
    for (const { plannedAt, outcome } of waiting) {
      if (life.waiting.has(plannedAt)) continue;
      if (life.outcomes.has(plannedAt) && !this.#cameAgain(plannedAt, life.outcomes.get(plannedAt) as Known))
        this.#fault(life, plannedAt, `waits after it was ${life.outcomes.get(plannedAt)?.outcome}`);
      life.waiting.set(plannedAt, outcome);
      if (outcome === 'caught_up') this.#catchesUp(life, line, id);
    }
    const gone = [...life.waiting.keys()].filter((plannedAt) => !waiting.some((one) => one.plannedAt === plannedAt));
    const told = new Set(ledgerRows(line.event)?.occurrences.map(({ plannedAt }) => plannedAt));
    for (const plannedAt of gone) if (!told.has(plannedAt)) this.#fault(life, plannedAt, 'waits no longer, unsaid');
  }

  #accepted(life: Life, line: Line, row: Occurrence): void {
    this.#tasks++;
    if (life.rule.overlap !== 'allow' && life.active.size > 0)
      this.#fault(life, row.plannedAt, `starts beside ${[...life.active]} under ${life.rule.overlap}`);
    life.active.add(row.taskId as string);
    this.#ofTask.set(row.taskId as string, life);
    if (row.outcome === 'caught_up' && !life.waiting.has(row.plannedAt))
      this.#catchesUp(life, line, ledgerRows(line.event)?.schedule as string);
  }

  #catchesUp(life: Life, { group }: Line, schedule: string): void {
    const same = this.#caughtUp.group === group && this.#caughtUp.schedule === schedule;
    this.#caughtUp = { group, schedule, count: same ? this.#caughtUp.count + 1 : 1 };
    const max = { none: 0, latest: 1, all: life.rule.catchUpLimit }[life.rule.catchUp];
    if (this.#caughtUp.count > max) this.#faults.push(`${life.name}: ${this.#caughtUp.count} caught up at once`);
  }

  #timesOf(life: Life, { plannedAt, through, count }: Occurrence): readonly number[] {
    if (through === undefined) return [plannedAt];
    const { rule, zone } = life.regimes.at(-1) as Regime;
    const times: number[] = [];
    for (let at: number | undefined = plannedAt; at !== undefined && at <= through; ) {
      times.push(at);
      at = plannedAfter(rule.when, zone, at)?.at;
    }
    if (times.length !== count) this.#fault(life, plannedAt, `stands for ${count}, but there are ${times.length}`);
    return times;
  }

  #note(life: Life, plannedAt: number, { outcome, taskId }: Occurrence, seq: number): void {
    const before = life.outcomes.get(plannedAt);
    const lostAgain = outcome === 'missed' && before?.outcome === 'missed' && life.rule.when.kind === 'once';
    if (before && !lostAgain && !this.#cameAgain(plannedAt, before))
      this.#fault(life, plannedAt, `${outcome} after it was ${before.outcome}`);
    life.outcomes.set(plannedAt, { outcome, task: taskId ?? null, seq });
  }

  /** Only what submitted nothing comes again, and only when the clock went back behind it. */
  #cameAgain(plannedAt: number, { task, seq }: Known): boolean {
    return task === null && this.#back.some((back) => back.seq > seq && back.at < plannedAt);
  }

  #complete(life: Life, { rule, zone, from, to }: Regime): void {
    let missing = 0;
    for (let at = plannedAfter(rule.when, zone, from)?.at; at !== undefined && at <= to; ) {
      this.#planned++;
      if (!life.outcomes.has(at) && missing++ === 0) this.#fault(life, at, 'has no outcome');
      at = plannedAfter(rule.when, zone, at)?.at;
    }
    if (missing > 1) this.#faults.push(`${life.name}: ${missing} have no outcome`);
  }

  #fault({ name, rule }: Life, plannedAt: number, what: string): void {
    const { catchUp, overlap, jitterMs, when } = rule;
    const how = `${JSON.stringify(when)} ${catchUp}/${overlap}${jitterMs > 0 ? ` jitter ${jitterMs}` : ''}`;
    this.#faults.push(`${name} (${how}): ${iso(plannedAt)} ${what}`);
  }
}

function isOther(before: Regime | undefined, { rule }: Regime): boolean {
  return JSON.stringify([before?.rule.when, before?.rule.timezone]) !== JSON.stringify([rule.when, rule.timezone]);
}

/** A `once` that has come does not come again because TIMEZONE has moved it. */
function hadItsTurn({ outcomes }: Life, { rule, zone, from, to }: Regime): boolean {
  if (rule.when.kind !== 'once') return false;
  const at = plannedAfter(rule.when, zone, from)?.at;
  const outcome = at === undefined || at > to ? undefined : outcomes.get(at)?.outcome;
  return outcome !== undefined && outcome !== 'missed' && outcome !== 'canceled';
}
