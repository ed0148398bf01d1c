/** Nothing is stored yet: what the store is for, and ways to put the first key into it. */
import { base } from '../base.ts';
import { say } from '../language.ts';
import { mayOperate } from '../session.ts';
import { opened } from '../store-actions.ts';
import { Copyable } from './copy.tsx';
import { Empty } from './empty.tsx';
import { Icon } from './icon.tsx';

const COMMAND = `nightshift store set feeds/42 '{ "seen": ["ep-7"] }' --ttl 7d`;

/** The address the reader came by is the one that works from where the reader is. */
function request(): string {
  return `curl -X PUT ${location.origin}${base}api/v1/store/feeds%2F42 -H 'content-type: application/json' \\\n  -d '{ "value": { "seen": ["ep-7"] }, "ttl": "7d" }'`;
}

export function NoKeys({ filtered }: { filtered: boolean }) {
  const words = say().store;
  if (filtered) return <Empty title={words.noMatch} text={words.noMatchText} />;
  return (
    <Empty title={words.none} text={words.noneText}>
      <Copyable text={COMMAND} />
      <Copyable text={request()} />
      {mayOperate.value && <p>{words.noneForm}</p>}
      <SetKey />
    </Empty>
  );
}

export function SetKey() {
  if (!mayOperate.value) return null;
  return (
    <button
      type="button"
      class="primary"
      onClick={() => {
        opened.value = 'new';
      }}
    >
      <Icon name="add" />
      {say().store.set}
    </button>
  );
}
