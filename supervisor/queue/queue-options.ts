/** What `openQueue` is given, checked as a whole before anything is touched. */
import { resolve } from 'node:path';
import { mistaken, Refusal } from '../core/refusal.ts';
import { defaultLimits, type Limits } from '../core/state.ts';
import { shown } from '../core/task-input.ts';
import { readLimits } from '../settings/grammars.ts';
import { readMembers } from './given.ts';
import type { QueueOptions } from './queue-facade.ts';
import type { QueuePlan } from './start-queue.ts';

const tasksMaxDefault = 1_000_000;
const OPTIONS = ['folder', 'memory', 'fsync', 'limits', 'tasksMax', 'warn'];
const FSYNC = ['always', 'everysec', 'no'] as const;

/** @throws Refusal `validation` */
export function readOptions(options: QueueOptions): QueuePlan {
  readMembers(options, OPTIONS, 'openQueue');
  const {
    folder,
    memory = false,
    fsync = 'always',
    limits = '',
    tasksMax = tasksMaxDefault,
    warn = sayWarning,
  } = options;
  // Neither is the default: a folder that was forgotten would lose what is pushed.
  if (memory === (folder !== undefined))
    throw mistaken('openQueue', 'needs a folder to keep the queue in, or memory: true, and not both');
  if (typeof memory !== 'boolean') throw mistaken('openQueue.memory', `must be true or false, not ${shown(memory)}`);
  if (folder !== undefined && (typeof folder !== 'string' || folder === ''))
    throw mistaken('openQueue.folder', `must be a path, not ${shown(folder)}`);
  if (!FSYNC.includes(fsync))
    throw mistaken('openQueue.fsync', `must be one of ${FSYNC.join(', ')}, not ${shown(fsync)}`);
  if (!Number.isSafeInteger(tasksMax) || tasksMax < 1)
    throw mistaken('openQueue.tasksMax', `must be a whole number from 1, not ${shown(tasksMax)}`);
  if (typeof warn !== 'function') throw mistaken('openQueue.warn', `must be a function, not ${shown(warn)}`);
  return { folder: folder === undefined ? null : resolve(folder), fsync, limits: limitsOf(limits), tasksMax, warn };
}

function limitsOf(text: unknown): Limits {
  if (typeof text !== 'string') throw mistaken('openQueue.limits', `must be text, not ${shown(text)}`);
  const read = readLimits(text);
  if ('problem' in read) throw new Refusal('validation', `openQueue.limits ${read.problem}`);
  const { types, groups, rates } = read.value;
  return { ...defaultLimits, concurrencyByType: types, concurrencyByGroup: groups, rateByGroup: rates };
}

function sayWarning(message: string): void {
  process.emitWarning(message, 'NightshiftQueue');
}
