/** What a person sees before saving a schedule: its next times and one sentence. */
import { previewTimesMax } from '../limits.ts';
import { localText, offsetText } from './local-time.ts';
import { plannedAfter } from './next.ts';
import { sentenceOf } from './sentence.ts';
import type { When } from './when.ts';
import { stretchAt } from './zone.ts';

export interface PreviewTime {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `2026-12-01 02:00:00` in the schedule's zone. */
  readonly local: string;
  /** `+08:00` */
  readonly offset: string;
  readonly note?: string;
}

export interface Preview {
  readonly next: readonly PreviewTime[];
  readonly sentence: string;
}

/** @param count how many times; at most `previewTimesMax` are given */
export function preview(when: When, zone: string, afterMs: number, count: number): Preview {
  const next: PreviewTime[] = [];
  let planned = plannedAfter(when, zone, afterMs);
  while (planned !== null && next.length < Math.min(count, previewTimesMax)) {
    const { at } = planned;
    next.push({ ...planned, local: localText(zone, at), offset: offsetText(stretchAt(zone, at).offsetMs) });
    planned = plannedAfter(when, zone, at);
  }
  return { next, sentence: sentenceOf(when, zone) };
}
