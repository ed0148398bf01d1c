/** `nightshift pause`: starts nothing more; what runs finishes. */
import { Command } from 'commander';
import { nearest } from '../supervisor/core/nearest.ts';
import { type Supervisor, supervisorOf } from './call.ts';
import { dataFolder, dataOption } from './data-folder.ts';
import type { Queue } from './paused.ts';
import { print, printError, printJson } from './print.ts';

interface Given {
  readonly data: string;
  readonly type?: string;
  readonly reason: string;
  readonly json?: true;
}

export function pauseCommand(): Command {
  return new Command('pause')
    .description('start no more tasks; what runs finishes, and new tasks are still accepted')
    .option('--type <type>', 'only tasks of this type')
    .option('--reason <text>', 'why, for whoever wonders', '')
    .addOption(dataOption())
    .option('--json', 'print the queue as JSON')
    .action(pause);
}

async function pause(given: Given): Promise<void> {
  const { type, reason } = given;
  const supervisor = supervisorOf(dataFolder(given));
  const { body: queue } = await supervisor.post<Queue>('queue/pause', { reason }, { type });
  if (given.json) printJson(queue);
  else print(type === undefined ? 'paused' : `paused ${type}`);
  if (type !== undefined) await remarkUnknown(supervisor, queue, type);
}

/** A type may be paused before its first task; mistyped, the pause would hold nothing back. */
async function remarkUnknown(supervisor: Supervisor, queue: Queue, type: string): Promise<void> {
  const seen = queue.types.find((row) => row.type === type);
  if (seen && seen.queued + seen.running > 0) return;
  const known = (await supervisor.get<{ items: { type: string }[] }>('handlers')).items.map((handler) => handler.type);
  if (known.includes(type)) return;
  const near = nearest(type, known);
  printError(`no handler and no task has the type ${type}${near === null ? '' : `: did you mean ${near}?`}`);
}
