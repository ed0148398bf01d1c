/** Asks the server, once the hand rests, when a rule would be due; the last answer stands until the next one. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { PreviewView } from '../../supervisor/schedules-facade.ts';
import { Problem } from './api.ts';
import { say } from './language.ts';
import { type ScheduleDraft, whenOf } from './schedule-draft.ts';
import { type ScheduleMistakes, scheduleMistakes } from './schedule-mistakes.ts';
import { askPreview } from './schedule-resources.ts';

export interface Previewed {
  /** Null before the first answer, and while the rule is not right. */
  readonly preview: PreviewView | null;
  readonly mistakes: ScheduleMistakes;
}

const restMs = 250;

export function usePreview(draft: ScheduleDraft): ReadonlySignal<Previewed> {
  const told = useSignal<Previewed>({ preview: null, mistakes: {} });
  const timezone = draft.timezone.trim();
  const rule = JSON.stringify({ when: whenOf(draft), timezone: timezone === '' ? null : timezone });
  useEffect(() => {
    const asking = new AbortController();
    const timer = setTimeout(async () => {
      const answer = await ask(draft, JSON.parse(rule), asking.signal);
      if (answer && !asking.signal.aborted) told.value = answer;
    }, restMs);
    return () => {
      clearTimeout(timer);
      asking.abort();
    };
  }, [rule]);
  return told;
}

async function ask(draft: ScheduleDraft, rule: unknown, signal: AbortSignal): Promise<Previewed | null> {
  try {
    return { preview: await askPreview(rule, signal), mistakes: {} };
  } catch (error) {
    if (signal.aborted || !(error instanceof Problem)) return null;
    const text = error.status === 0 ? say().told.unreachable : error.message;
    return { preview: null, mistakes: scheduleMistakes(error.mistakes, text, draft) };
  }
}
