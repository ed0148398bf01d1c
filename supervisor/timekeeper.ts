/** What time brings: due tasks, rate limits that let go, suspects that have proved themselves, snapshots that are due. */
import type { Clock } from './clock.ts';
import { trimKeys } from './core/apply.ts';
import { probationMs } from './core/decide/claim.ts';
import { nextMoment, passTime } from './core/decide/pass-time.ts';
import { nextRateAt, releaseRates } from './core/gate.ts';
import type { State } from './core/state.ts';
import { Alarm } from './dispatch/alarm.ts';
import type { Dispatcher } from './dispatch/dispatcher.ts';
import type { Health } from './health.ts';
import type { History } from './history/history.ts';
import type { Ledger } from './history/ledger.ts';
import type { Journal } from './journal/live-journal.ts';
import type { Log } from './log.ts';
import type { PastRuns } from './past-runs.ts';
import type { Recorder } from './recorder.ts';
import type { RunKeeper } from './run-keeper.ts';
import type { Scheduler } from './scheduler.ts';
import { StateWalk } from './snapshotter.ts';

/** A difference between the clocks beyond this is a jump of the wall clock. */
const jumpMsMin = 2_000;
/** After a snapshot that failed. */
const snapshotRetryMs = 60_000;

export interface TimekeeperParts {
  readonly state: State;
  readonly journal: Pick<Journal, 'snapshot' | 'snapshotDue'>;
  readonly history: Pick<History, 'sync'>;
  readonly ledger: Pick<Ledger, 'sync'>;
  readonly pastRuns: Pick<PastRuns, 'sync'>;
  readonly scheduler: Pick<Scheduler, 'nextAt' | 'tick'>;
  readonly runs: Pick<RunKeeper, 'tick'>;
  readonly recorder: Recorder;
  readonly dispatcher: Pick<Dispatcher, 'pump'>;
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Pick<Log, 'warn'>;
}

export class Timekeeper {
  readonly #parts: TimekeeperParts;
  readonly #alarm: Alarm;
  #began = false;
  /** Wall time less monotonic time: constant unless the wall clock jumps. */
  #offset: number;
  #snapshotNotBefore = Number.NEGATIVE_INFINITY;
  #snapshot: Promise<void> | null = null;

  constructor(parts: TimekeeperParts) {
    this.#parts = parts;
    this.#offset = parts.clock.wall() - parts.clock.monotonic();
    this.#alarm = new Alarm(parts.clock, () => this.#tick());
  }

  begin(): void {
    this.#began = true;
    this.#tick();
  }

  /** Called once a batch: whatever it changed may be due earlier than the alarm is armed for. */
  afterBatch(): void {
    if (!this.#began) return;
    this.#arm();
    if (this.#parts.journal.snapshotDue) this.#takeSnapshot();
  }

  async stop(): Promise<void> {
    this.#began = false;
    this.#alarm.stop();
    await this.#snapshot;
  }

  #tick(): void {
    const { state, recorder, dispatcher, clock, scheduler, runs } = this.#parts;
    this.#noticeJump();
    const now = clock.wall();
    for (const event of passTime(state, now)) recorder.record(event);
    for (const task of [...state.suspects]) {
      if (task.life?.solo && now - task.at >= probationMs(task)) recorder.record({ e: 'suspect.cleared', id: task.id });
    }
    scheduler.tick();
    runs.tick(now);
    releaseRates(state, now);
    trimKeys(state, now);
    dispatcher.pump();
    this.#arm();
  }

  #arm(): void {
    const { state, scheduler } = this.#parts;
    let earliest = Math.min(nextMoment(state), nextRateAt(state), scheduler.nextAt);
    for (const task of state.suspects) if (task.life?.solo) earliest = Math.min(earliest, task.at + probationMs(task));
    this.#alarm.arm(earliest);
  }

  #noticeJump(): void {
    const { clock, recorder, log } = this.#parts;
    const offset = clock.wall() - clock.monotonic();
    const byMs = Math.round(offset - this.#offset);
    this.#offset = offset;
    if (Math.abs(byMs) < jumpMsMin) return;
    log.warn(`the clock jumped by ${byMs} ms`);
    recorder.record({ e: 'clock.jumped', byMs });
  }

  #takeSnapshot(): void {
    const { state, journal, history, ledger, pastRuns, recorder, clock, health } = this.#parts;
    if (this.#snapshot || clock.monotonic() < this.#snapshotNotBefore) return;
    const walk = new StateWalk(state, clock, async () => {
      await recorder.departed();
      await history.sync();
      await ledger.sync();
      await pastRuns.sync();
    });
    this.#snapshot = journal
      .snapshot(walk, state.seq)
      .then(() => health.clear('snapshot'))
      .catch((error: Error) => {
        this.#snapshotNotBefore = clock.monotonic() + snapshotRetryMs;
        health.raise({
          code: 'snapshot',
          severity: 'warning',
          message: `No snapshot could be written: ${error.message}`,
          action: 'Look at the disk. Nothing is lost; starts take longer until one succeeds.',
        });
      })
      .finally(() => {
        this.#snapshot = null;
      });
  }
}
