/** How full the store is against `STORE_SIZE`; and once little room is left, what to do. */
import type { StoreUsage as Usage } from '../../../supervisor/store-facade.ts';
import { bytes, number } from '../format.ts';
import { say } from '../language.ts';
import { mayOperate } from '../session.ts';
import { cleanUp } from '../store-actions.ts';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';

const nearlyFullShare = 0.9;

export function StoreUsage({ usage }: { usage: Usage }) {
  const words = say().store;
  return (
    <span class="store-usage">
      <span>{words.total(usage.keys)}</span>
      <progress aria-label={words.fullness} max={usage.bytesMax} value={usage.bytes} />
      <Link to="settings?q=STORE_SIZE" title="STORE_SIZE">
        {words.full(bytes(usage.bytes), bytes(usage.bytesMax))}
      </Link>
    </span>
  );
}

export function NearlyFull({ usage: { bytes: held, bytesMax } }: { usage: Usage }) {
  const words = say().store;
  const share = held / bytesMax;
  if (share < nearlyFullShare) return null;
  return (
    <div class="notice warning" role="status">
      <Icon name="warning" />
      <p class="notice-text">
        <strong>{words.nearlyFull(`${number(Math.floor(share * 100))} %`)}.</strong> {words.nearlyFullText}
      </p>
    </div>
  );
}

/** They leave by themselves within a minute or so; whoever needs the room now need not wait. */
export function Expired({ count }: { count: number }) {
  const words = say().store;
  if (count <= 0) return null;
  return (
    <span class="muted store-expired">
      {words.expired(count)}
      {mayOperate.value && (
        <button type="button" class="small" onClick={() => void cleanUp()}>
          {words.clear}
        </button>
      )}
    </span>
  );
}
