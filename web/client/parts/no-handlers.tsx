/** Nobody has written a handler yet: what one is, as a file to copy into the handlers folder. */
import { say } from '../language.ts';
import { status } from '../supervisor.ts';
import { Copyable } from './copy.tsx';
import { Empty } from './empty.tsx';

export function handlersDir(): string {
  return `${status.value?.dataDir ?? 'data'}/handlers`;
}

function command(): string {
  return `cat > ${handlersDir()}/greet.mjs <<'EOF'
import { defineHandler, Permanent } from 'nightshift/handler';

export default defineHandler({
  type: 'greet',
  timeout: '1m',
  async run({ name }, ctx) {
    if (!name) throw new Permanent('nobody to greet');
    ctx.log.info(\`greeting \${name}\`);
    return { greeting: \`Good evening, \${name}\` };
  },
});
EOF`;
}

export function NoHandlers() {
  const words = say().handlers;
  return (
    <Empty title={words.none} text={words.noneText}>
      <Copyable text={command()} />
      <p>{words.noneMore}</p>
    </Empty>
  );
}
