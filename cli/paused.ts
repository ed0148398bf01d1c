/** What is paused, as the API tells it and as a person reads it. */
import { localTime } from './local-time.ts';
import { oneLine } from './print.ts';

export interface Pause {
  readonly reason: string;
  readonly since: string;
  readonly by: string;
}

/** The part of `GET /queue` that is needed. */
export interface Queue {
  readonly paused: Pause | null;
  readonly types: readonly {
    readonly type: string;
    readonly queued: number;
    readonly running: number;
    readonly paused: Pause | null;
  }[];
}

/** `since 2026-11-23 02:00:00 +01:00 by cli: lunch` */
export function pauseText({ reason, since, by }: Pause): string {
  return `since ${localTime(since)} by ${oneLine(by)}${reason === '' ? '' : `: ${oneLine(reason)}`}`;
}

export function pausedTypes(queue: Queue): readonly string[] {
  return queue.types.filter(({ paused }) => paused !== null).map(({ type }) => type);
}
