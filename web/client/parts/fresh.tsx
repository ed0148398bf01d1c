/** Says that a list has more than it shows, because showing it would move what somebody points at. */
import { say } from '../language.ts';

export function Fresh({ text, show }: { text: string; show(): void }) {
  return (
    <p class="fresh" role="status">
      {text}
      <button type="button" class="small" onClick={show}>
        {say().list.show}
      </button>
    </p>
  );
}
