/** `nightshift status`: how the supervisor is. */
import { Command } from 'commander';
import { supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import { localTime } from './local-time.ts';
import { pauseText, type Queue } from './paused.ts';
import { facts, oneLine, print, printJson } from './print.ts';

/** The part of `GET /status` that is shown. */
interface Status {
  readonly version: string;
  readonly pid: number;
  readonly state: string;
  readonly startedAt: string;
  readonly counts: Readonly<Record<string, number>>;
  /** Ever. */
  readonly totals: Readonly<Record<'accepted' | 'succeeded' | 'failed' | 'canceled', number>>;
  readonly throughput: { readonly perMinute1: number };
  readonly nextDueAt: string | null;
  readonly health: readonly { readonly severity: string; readonly message: string; readonly action: string }[];
  readonly disk: { readonly freeBytes: number };
  readonly memory: { readonly rssBytes: number };
  readonly dataDir: string;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('show how the supervisor is, with what to do about it')
    .addOption(dataOption())
    .option('--json', 'print the answer as JSON')
    .action(status);
}

async function status(given: { readonly data: string; readonly json?: true }): Promise<void> {
  const supervisor = supervisorOf(dataFolder(given));
  const answer = await supervisor.get<Status>('status');
  if (given.json) return printJson(answer);
  const queue = await supervisor.get<Queue>('queue');
  print(
    facts([
      ['state', answer.state],
      ['paused', queue.paused && pauseText(queue.paused)],
      ...queue.types.map(({ type, paused }) => [`paused ${type}`, paused && pauseText(paused)] as const),
      ['process', `${answer.pid}, since ${localTime(answer.startedAt)}, version ${answer.version}`],
      ['data', answer.dataDir],
      ['tasks', countsText(answer.counts)],
      ['ever', totalsText(answer.totals)],
      ['finishing', `${answer.throughput.perMinute1} attempts a minute`],
      ['next due', localTime(answer.nextDueAt)],
      ['memory', bytesText(answer.memory.rssBytes)],
      ['disk free', bytesText(answer.disk.freeBytes)],
      ['health', answer.health.length === 0 ? 'good' : `${answer.health.length} to look at`],
    ]),
  );
  for (const { severity, message, action } of answer.health)
    print(`\n${severity}: ${oneLine(message)}\n  ${oneLine(action)}`);
}

function totalsText({ accepted, succeeded, failed, canceled }: Status['totals']): string {
  return `${accepted} accepted, ${succeeded} succeeded, ${failed} failed, ${canceled} canceled`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const given = Object.entries(counts).filter(([, count]) => count > 0);
  return given.map(([state, count]) => `${count} ${state}`).join(', ') || 'none';
}

function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
