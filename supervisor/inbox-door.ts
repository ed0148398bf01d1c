/**
 * Where files from the inbox become tasks, schedules and runs: the id of the file and what comes of it are written down all
 * together or not at all.
 */
import type { Clock } from './clock.ts';
import type { Event } from './core/event.ts';
import { Refusal } from './core/refusal.ts';
import type { TaskInput } from './core/task-input.ts';
import type { HealthItem } from './facade.ts';
import type { Health } from './health.ts';
import { Inbox } from './intake/inbox.ts';
import type { InboxOptions, InboxSupervisor } from './intake/inbox-options.ts';
import type { FileContents } from './intake/task-file.ts';
import type { Log } from './log.ts';
import { waitingForHandlers } from './no-handler.ts';
import type { Opened } from './open.ts';
import type { Settings } from './settings/settings.ts';

export interface InboxParts {
  readonly dataDir: string;
  readonly settings: () => Pick<Settings, 'inboxSettleMs' | 'inboxRetentionMs' | 'inboxOwners'>;
  readonly opened: Opened;
  readonly health: Health;
  readonly log: Log;
  readonly clock: Clock;
  /** The machine's, unless a test brings its own. */
  readonly disk?: Pick<InboxOptions, 'files' | 'watch'>;
}

export interface InboxDoor {
  /** Settles when what was there at the start has been taken. */
  readonly started: Promise<void>;
  /** Also while it starts. */
  stop(): Promise<void>;
}

export function openInbox({ dataDir, settings, opened, health, log, clock, disk = {} }: InboxParts): InboxDoor {
  const { state, supervisor, recorder, putSchedules, putRuns } = opened;
  const door: InboxSupervisor = {
    async submit(uuid, name, contents) {
      const { tasks, schedules, runs } = contents;
      if (state.inboxTaken.has(uuid)) return supervisor.settled();
      const origin = `inbox:${name}`;
      const given = schedules.map(({ value, at }) => ({ value, path: `$[${at}].schedule` }));
      const puts = given.length === 0 ? [] : await putSchedules.check(given);
      const starts = await putRuns.check(runs.map(({ input, at }) => ({ input, path: `$[${at}].run` })));
      let ofOthers: Refusal | null = null;
      const first = (): readonly Event[] | Refusal => {
        const put = putSchedules.decide(puts, { by: origin });
        const started = put instanceof Refusal ? put : putRuns.decide(starts, { by: origin });
        ofOthers = started instanceof Refusal ? started : null;
        if (put instanceof Refusal || started instanceof Refusal) return started;
        return [{ e: 'inbox.taken', uuid, file: name, tasks: tasks.length }, ...put, ...started];
      };
      await supervisor.accept(tasks, origin, { first }).catch((error) => {
        const ofTasks = error instanceof Refusal && error !== ofOthers;
        throw ofTasks && schedules.length + runs.length > 0 ? countedInFile(error, contents) : error;
      });
      for (const { code, message } of unhandled(tasks)) log.warn({ file: name, health: code }, message);
      for (const { rule, task } of puts) {
        if (!task || supervisor.handlerOf(task.type)) continue;
        const message = `there is no handler of ${task.type} yet: what the schedule ${rule.name} submits will wait for one`;
        log.warn({ file: name, schedule: rule.name, type: task.type }, message);
      }
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
    ...disk,
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

/** Tasks were numbered by themselves, and `$` was the only one; in the file schedules and runs stand between them. */
function countedInFile({ code, message, mistakes }: Refusal, { tasks, schedules, runs }: FileContents): Refusal {
  const others = new Set([...schedules, ...runs].map(({ at }) => at));
  const places: number[] = [];
  for (let at = 0; places.length < tasks.length; at++) if (!others.has(at)) places.push(at);
  const counted = (text: string) =>
    text.replace(/\$\[(\d+)\]/g, (_, number: string) => `$[${places[Number(number)] ?? number}]`);
  const inFile = (path: string) => counted(path.startsWith('$[') ? path : `$[0]${path.slice(1)}`);
  const renamed = mistakes.map((mistake) => ({ path: inFile(mistake.path), message: counted(mistake.message) }));
  return new Refusal(code, counted(message), renamed);
}
