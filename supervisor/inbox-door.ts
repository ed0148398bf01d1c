/** Where files from the inbox become tasks: the id of the file and its tasks are written down all together or not at all. */
import type { Clock } from './clock.ts';
import type { TaskInput } from './core/task-input.ts';
import type { HealthItem } from './facade.ts';
import type { Health } from './health.ts';
import { Inbox } from './intake/inbox.ts';
import type { InboxSupervisor } from './intake/inbox-options.ts';
import type { Log } from './log.ts';
import { waitingForHandlers } from './no-handler.ts';
import type { Opened } from './open.ts';
import type { Settings } from './settings/settings.ts';

export interface InboxParts {
  readonly dataDir: string;
  readonly settings: () => Settings;
  readonly opened: Opened;
  readonly health: Health;
  readonly log: Log;
  readonly clock: Clock;
}

export interface InboxDoor {
  /** Settles when what was there at the start has been taken. */
  readonly started: Promise<void>;
  /** Also while it starts. */
  stop(): Promise<void>;
}

export function openInbox({ dataDir, settings, opened, health, log, clock }: InboxParts): InboxDoor {
  const { state, supervisor, recorder } = opened;
  const door: InboxSupervisor = {
    async submit(uuid, name, tasks) {
      if (state.inboxTaken.has(uuid)) return supervisor.settled();
      await supervisor.accept(tasks, `inbox:${name}`, {
        first: [{ e: 'inbox.taken', uuid, file: name, tasks: tasks.length }],
      });
      for (const { code, message } of unhandled(tasks)) log.warn({ file: name, health: code }, message);
    },
    known: () => state.inboxTaken.keys(),
    settled(uuids) {
      const known = uuids.filter((uuid) => state.inboxTaken.has(uuid));
      if (known.length > 0) recorder.record({ e: 'inbox.settled', uuids: known });
    },
    raise: (item) => health.raise(item),
    clear: (code) => health.clear(code),
    log: (level, text, facts) => log[level](facts, text),
  };
  /** Known types are the rule: then nothing is looked for. */
  function unhandled(tasks: readonly TaskInput[]): readonly HealthItem[] {
    const unknown = new Set(tasks.map(({ type }) => type).filter((type) => !supervisor.handlerOf(type)));
    if (unknown.size === 0) return [];
    return waitingForHandlers(state).filter(({ code }) => unknown.has(code.slice('no-handler:'.length)));
  }

  const inbox = new Inbox({
    dataDir,
    get settleMs() {
      return settings().inboxSettleMs;
    },
    get retentionMs() {
      return settings().inboxRetentionMs;
    },
    get owners() {
      return settings().inboxOwners;
    },
    clock,
    supervisor: door,
  });
  const started = inbox.start();
  return {
    started,
    async stop() {
      await inbox.stop();
      await started.catch(() => {});
    },
  };
}
