/** Years of schedules on a simulated clock: a supervisor that is killed, stopped, set wrong and changed at random instants. */

import type { Task } from '../../supervisor/core/task.ts';
import { anybody } from '../helpers/open-supervisor.ts';
import { SchedulesBed } from '../helpers/schedules-bed.ts';
import { Oracle, type Verdict } from './oracle.ts';

export interface YearsOptions {
  readonly seed: number;
  readonly days: number;
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const WHENS = [
  { kind: 'daily', at: '02:30' },
  { kind: 'daily', at: '23:59:59' },
  { kind: 'weekly', days: ['mon', 'wed', 'sun'], at: '02:00' },
  { kind: 'monthly', day: 'last', at: '03:00' },
  { kind: 'monthly', day: 31, at: '00:00' },
  { kind: 'interval', every: '7h' },
  { kind: 'interval', every: '40m' },
  { kind: 'cron', expression: '15 2,3 * * *' },
  { kind: 'cron', expression: '*/50 * * * *' },
  { kind: 'cron', expression: '0 2 * * 0' },
  { kind: 'once', at: '2027-03-28T02:30:00' },
];
const ZONES = ['America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Santiago', 'Asia/Shanghai'];
const CATCH_UPS = ['latest', 'all', 'none'];
const OVERLAPS = ['skip', 'queue-one', 'queue-all', 'allow', 'replace'];

export class Years {
  readonly bed: SchedulesBed;
  readonly #random: () => number;
  readonly #end: number;
  #made = 0;

  constructor({ seed, days }: YearsOptions) {
    this.#random = mulberry32(seed);
    const fill = (bytes: Uint8Array) => {
      for (let index = 0; index < bytes.length; index++) bytes[index] = this.#below(256);
    };
    const wall = new Date(Date.UTC(2026, this.#below(48), 1)).toISOString();
    this.bed = new SchedulesBed({ wall, fill });
    this.#end = this.bed.clock.wall() + days * day;
  }

  async live(schedules: number): Promise<Verdict> {
    const { bed } = this;
    for (const catchUp of CATCH_UPS) for (const overlap of OVERLAPS) await this.#create({ catchUp, overlap });
    while (this.#made < schedules) await this.#create({});
    while (bed.clock.wall() < this.#end) {
      await this.#happen();
      this.#work();
      if (this.#chance(0.3)) bed.journal.acknowledge();
    }
    await this.#comeToRest();
    return new Oracle().judge(bed.journal.lines, (id) => bed.state.schedules.byId.get(id)?.settledTo ?? Infinity);
  }

  async #happen(): Promise<void> {
    const { bed } = this;
    if (bed.journal.takesSnapshot && this.#chance(0.6)) bed.journal.goOnWithSnapshot();
    if (this.#chance(0.5)) return this.#pass(this.#spell(minute, 3 * day));
    const which = this.#below(14);
    switch (which) {
      case 0:
        return this.#stop(this.#spell(minute, 35 * day));
      case 1:
        return this.#stop(0);
      case 2:
        bed.clock.standStill(this.#spell(minute, 10 * day));
        return bed.tick();
      case 3:
        return this.#jump(this.#spell(3_000, 2 * day) * (this.#chance(0.5) ? 1 : -1));
      case 4:
        if (!bed.journal.takesSnapshot) bed.journal.beginSnapshot();
        return;
      case 5:
        bed.flags.set('F', this.#chance(0.7));
        return;
      case 6:
        return this.#setAll();
      default:
        await this.#ask(which);
        return bed.journal.acknowledge();
    }
  }

  async #ask(which: number): Promise<void> {
    const { desk, clock, state } = this.bed;
    const id = this.#pick([...state.schedules.byId.keys()]);
    const until = this.#chance(0.5) ? new Date(clock.wall() + this.#spell(hour, 9 * day)).toISOString() : null;
    const seconds = until && `${until.slice(0, 19)}Z`;
    switch (which) {
      case 7:
        return void (await desk.change(id, this.#chance(0.5) ? this.#timing() : this.#policy(), null, anybody));
      case 8:
      case 9:
        return void (await desk.pause(id, { reason: `holidays ${this.#below(9)}`, until: seconds }, anybody));
      case 10:
      case 11:
        return void (await desk.resume(id, this.#chance(0.5), anybody));
      case 12:
        await desk.remove(id, null, anybody);
        return this.#create({});
      default:
        return void (await desk.run(id, anybody).catch(() => {}));
    }
  }

  async #setAll(): Promise<void> {
    const { bed } = this;
    const { schedules } = bed.state;
    const which = this.#below(4);
    if (which === 0) {
      bed.zone = this.#pick(ZONES);
      if (this.#chance(0.5)) return this.#stop(this.#spell(minute, 20 * day));
      bed.scheduler.adopt(schedules.offSince === null, bed.zone);
    } else if (which === 1) bed.scheduler.adopt(schedules.offSince !== null, bed.zone);
    else if (schedules.pausedAll) await bed.desk.resumeAll(this.#chance(0.5), anybody);
    else await bed.desk.pauseAll({ reason: 'moving', until: null }, anybody);
    bed.journal.acknowledge();
  }

  #stop(ms: number): void {
    const { bed } = this;
    bed.journal.loseTail(this.#chance(0.5) ? this.#random() : 0);
    bed.clock.standStill(ms);
    // A machine without a battery may wake up in the past.
    if (this.#chance(0.1)) bed.clock.jump(-this.#spell(minute, day));
    bed.restart();
  }

  #jump(byMs: number): void {
    this.bed.clock.jump(byMs);
    this.bed.record({ e: 'clock.jumped', byMs });
    this.bed.tick();
  }

  #pass(ms: number): void {
    const { bed } = this;
    const end = bed.clock.wall() + ms;
    while (bed.clock.wall() < end) {
      const next = Math.min(bed.scheduler.nextAt, end, bed.clock.wall() + this.#spell(minute, 8 * hour));
      bed.clock.advance(Math.max(0, next - bed.clock.wall()));
      bed.tick();
      this.#work();
      if (bed.journal.takesSnapshot && this.#chance(0.2)) bed.journal.goOnWithSnapshot();
    }
  }

  /** Some tasks begin and some end, one way or another. */
  #work(): void {
    const { bed } = this;
    for (const task of [...bed.state.tasks.values()]) {
      if (!this.#chance(0.3)) continue;
      if (task.state === 'queued') bed.begin(task);
      else if (task.state === 'running') this.#finish(task);
    }
    bed.tick();
  }

  #finish(task: Task): void {
    const outcome = task.life?.cancelRequestedAt != null ? 'canceled' : this.#chance(0.2) ? 'failed' : 'succeeded';
    this.bed.finish(task, outcome);
  }

  /** Everything is let go on, and all work ends. */
  async #comeToRest(): Promise<void> {
    const { bed } = this;
    bed.scheduler.adopt(true, bed.zone);
    await bed.desk.resumeAll(false, anybody);
    for (const id of bed.state.schedules.byId.keys()) await bed.desk.resume(id, this.#chance(0.5), anybody);
    bed.tick();
    const schedules = [...bed.state.schedules.byId.values()];
    // Failures may pause some anew, whose waiting ones would then wait on.
    for (let round = 0; schedules.some(({ waiting }) => waiting.length > 0); round++) {
      if (round > 3_000) break;
      bed.clock.advance(minute);
      bed.tick();
      for (const task of [...bed.state.tasks.values()]) {
        if (task.state === 'queued') bed.begin(task);
        if (task.state === 'running') bed.finish(task, task.life?.cancelRequestedAt != null ? 'canceled' : 'succeeded');
      }
      bed.tick();
      for (const { id, pause } of schedules) if (pause) await bed.desk.resume(id, false, anybody);
    }
    bed.restart();
  }

  async #create(given: Record<string, unknown>): Promise<void> {
    const task = { type: 'scripted', params: {} };
    const name = `s${this.#made++}`;
    await this.bed.desk.create({ name, task, ...this.#timing(true), ...this.#policy(), ...given }, anybody);
    this.bed.journal.acknowledge();
  }

  #timing(fresh = false) {
    const now = this.bed.clock.wall();
    const whens = WHENS.filter(({ kind, at }) => kind !== 'once' || Date.parse(`${at}Z`) > now + day);
    const timezone = this.#chance(0.5) ? this.#pick(ZONES) : null;
    return {
      when: this.#pick(whens),
      ...(fresh || this.#chance(0.5) ? { timezone } : {}),
      jitter: this.#chance(0.3) ? this.#pick(['30s', '2h', '12h']) : null,
    };
  }

  #policy() {
    return {
      catchUp: this.#pick(CATCH_UPS),
      catchUpLimit: 1 + this.#below(8),
      overlap: this.#pick(OVERLAPS),
      startDeadline: this.#chance(0.2) ? this.#pick(['10m', '1d']) : null,
      pauseAfterFailures: this.#chance(0.1) ? 3 : null,
      flag: this.#chance(0.1) ? 'F' : null,
    };
  }

  /** As often minutes as hours as days. */
  #spell(least: number, most: number): number {
    return Math.floor(least * (most / least) ** this.#random());
  }

  #chance(of: number): boolean {
    return this.#random() < of;
  }

  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)] as T;
  }
}

/** A generator of 32 bits, small and good enough to pick with. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
