/** Nobody has made a schedule yet: what one is, and two ways to make the first. */
import { base } from '../base.ts';
import { say } from '../language.ts';
import { mayOperate } from '../session.ts';
import { Copyable } from './copy.tsx';
import { Empty } from './empty.tsx';
import { Icon } from './icon.tsx';
import { Link } from './link.tsx';

const SCHEDULE = `{
  "name": "nightly",
  "task": { "type": "http.request", "params": { "url": "https://example.org/" } },
  "when": { "kind": "daily", "at": "02:00" }
}`;

/** The address the reader came by is the one that works from where the reader is. */
function command(): string {
  return `curl ${location.origin}${base}api/v1/schedules -H 'content-type: application/json' \\\n  -d '${SCHEDULE}'`;
}

export function NoSchedules({ filtered }: { filtered: boolean }) {
  const words = say().schedules;
  if (filtered) return <Empty title={words.noMatch} text={words.noMatchText} />;
  return (
    <Empty title={words.none} text={words.noneText}>
      <AddSchedule />
      <p>{words.noneCommand}</p>
      <Copyable text={command()} />
    </Empty>
  );
}

export function AddSchedule() {
  if (!mayOperate.value) return null;
  return (
    <Link to="schedules/new" class="button primary">
      <Icon name="add" />
      {say().schedules.add}
    </Link>
  );
}
