/** An empty list says what to do next: a file to drop, a command to copy, a form to fill. */
import { base } from '../base.ts';
import { say } from '../language.ts';
import { status } from '../supervisor.ts';
import { AddButton } from './add-button.tsx';
import { Copyable } from './copy.tsx';
import { Empty } from './empty.tsx';

const TASK = '{ "type": "http.request", "params": { "url": "https://example.org/" } }';

function file(dataDir: string): string {
  return `echo '${TASK}' \\\n  > ${dataDir}/inbox/first.json`;
}

/** The address the reader came by is the one that works from where the reader is. */
function command(): string {
  return `curl ${location.origin}${base}api/v1/tasks -H 'content-type: application/json' \\\n  -d '${TASK}'`;
}

export function NoTasks({ filtered }: { filtered: boolean }) {
  const words = say().list;
  if (filtered) return <Empty title={words.noMatch} text={words.noMatchText} />;
  return (
    <Empty title={words.emptyTitle} text={words.emptyText}>
      <Copyable text={file(status.value?.dataDir ?? 'data')} />
      <Copyable text={command()} />
      <p>{words.emptyForm}</p>
      <AddButton />
    </Empty>
  );
}
