/** What may be asked of schedules from outside. Every answer rests on what is on disk. */
import type { OccurrenceRecord, ScheduleRecord } from './core/schedule/record.ts';
import type { Actor, TaskView } from './facade.ts';

/** A planned time, as a preview shows it. */
export interface NextView {
  readonly at: string;
  /** `2026-12-01 02:00:00` in the schedule's zone. */
  readonly local: string;
  /** `+08:00` */
  readonly offset: string;
  /** What daylight saving does to it. */
  readonly note?: string;
}

export interface Collision {
  readonly id: string;
  readonly name: string;
  /** When both are planned. */
  readonly at: string;
}

export interface PreviewView {
  readonly next: readonly NextView[];
  readonly sentence: string;
  readonly timezone: string;
  /** Other schedules planned in the same minute as one of these. */
  readonly collisions: readonly Collision[];
}

/** How scheduling as a whole is. */
export interface SchedulerView {
  readonly enabled: boolean;
  readonly paused: ScheduleRecord['paused'];
  /** When it looked last; null before the first look. */
  readonly lookedAt: string | null;
  /** When something is due next. */
  readonly nextAt: string | null;
  readonly schedules: number;
  readonly timezone: string;
}

export interface ScheduleQuery {
  readonly limit: number;
  /** Id after which the page begins. */
  readonly after: string | null;
  readonly state?: 'active' | 'paused';
  /** Case-insensitive text in name, type and note. */
  readonly q?: string;
}

export interface RanView {
  readonly occurrence: OccurrenceRecord;
  /** Null where it started a run, and when it waits for the work of an earlier one. */
  readonly task: TaskView | null;
}

/** Schedules are named by id or by name. `since`: the version that whoever asks has seen; with another one nothing is changed. */
export interface SchedulesFacade {
  list(query: ScheduleQuery): Promise<{ items: readonly ScheduleRecord[]; next: string | null; total: number }>;
  show(which: string): Promise<ScheduleRecord>;
  create(given: unknown, actor: Actor): Promise<ScheduleRecord>;
  /** Members that are given; null takes one back to its default. */
  change(which: string, changes: unknown, since: number | null, actor: Actor): Promise<ScheduleRecord>;
  remove(which: string, since: number | null, actor: Actor): Promise<void>;
  pause(which: string, given: PauseRequest, actor: Actor): Promise<ScheduleRecord>;
  resume(which: string, catchUp: boolean, actor: Actor): Promise<ScheduleRecord>;
  pauseAll(given: PauseRequest, actor: Actor): Promise<SchedulerView>;
  resumeAll(catchUp: boolean, actor: Actor): Promise<SchedulerView>;
  run(which: string, actor: Actor): Promise<RanView>;
  /** Newest first; also of a schedule that is deleted, by its id. */
  occurrences(
    which: string,
    page: { limit: number; after: string | null },
  ): Promise<{ items: readonly OccurrenceRecord[]; next: string | null }>;
  next(which: string, count: number): Promise<PreviewView>;
  preview(given: unknown): Promise<PreviewView>;
  status(): Promise<SchedulerView>;
}

/** What is not given stays as it is where it is paused already; else there is no reason and no end. */
export interface PauseRequest {
  readonly reason?: string | undefined;
  /** A time with its zone, or a local one; null for until somebody resumes. */
  readonly until?: string | null | undefined;
}
