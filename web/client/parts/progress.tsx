/** How far an attempt is: a bar and its figure; the handler's own words when it gave some. */
import type { Progress as ProgressRecord } from '../../../supervisor/core/task.ts';
import { number } from '../format.ts';

export function shareOf(progress: ProgressRecord | null): number | null {
  if (!progress?.total || progress.total <= 0) return null;
  return Math.min(1, Math.max(0, progress.done / progress.total));
}

export function Progress({ progress, label }: { progress: ProgressRecord | null; label: string }) {
  const share = shareOf(progress);
  return (
    <span class="progress">
      <progress max={1} value={share ?? undefined} aria-label={label} />
      <span class="progress-figure">{figureOf(progress, share)}</span>
      {progress?.text && (
        <span class="progress-text" title={progress.text}>
          {progress.text}
        </span>
      )}
    </span>
  );
}

function figureOf(progress: ProgressRecord | null, share: number | null): string {
  if (share !== null) return `${Math.floor(share * 100)} %`;
  return progress && progress.done > 0 && !progress.text ? number(progress.done) : '';
}
