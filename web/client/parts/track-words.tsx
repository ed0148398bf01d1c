/** States of tracks as an icon and a word, and how many tracks are in each. */
import type { TrackState } from '../../../workers/library-contract.ts';
import { number } from '../format.ts';
import { say } from '../language.ts';
import type { IconName } from './icon.tsx';
import { type Tone, Word } from './state-word.tsx';

const TRACKS: Readonly<Record<TrackState, readonly [IconName, Tone]>> = {
  new: ['idle', 'quiet'],
  downloaded: ['download', 'active'],
  uploaded: ['succeeded', 'good'],
  changed: ['retrying', 'warn'],
  failed: ['failed', 'bad'],
  gone: ['canceled', 'quiet'],
};
export const TRACK_ORDER = Object.keys(TRACKS) as readonly TrackState[];

export function TrackWord({ state }: { state: TrackState }) {
  // A newer supervisor may know states that this page does not.
  if (!(state in TRACKS)) return <Word icon="info" tone="quiet" word={state} />;
  const [icon, tone] = TRACKS[state];
  return <Word icon={icon} tone={tone} word={say().library.states[state]} />;
}

/** Those that there are some of, in one line. */
export function TrackCounts({ counts }: { counts: Readonly<Record<TrackState, number>> }) {
  const words = say().library;
  const some = TRACK_ORDER.filter((state) => counts[state] > 0);
  if (some.length === 0) return <span class="muted">{words.nothing}</span>;
  return (
    <span class="track-counts">
      {some.map((state) => {
        const [icon, tone] = TRACKS[state];
        const word = `${number(counts[state])} ${words.states[state]}`;
        return <Word key={state} icon={icon} tone={tone} word={word} />;
      })}
    </span>
  );
}
