/**
 * What a person does with keys of the store. Each change rests on the version that was looked at, so that nothing of
 * somebody else is overwritten unseen, and says how it is undone.
 */
import { signal } from '@preact/signals';
import type { StoredRecord } from '../../supervisor/core/store/record.ts';
import type { Cleared } from '../../supervisor/store-facade.ts';
import { get, Problem, post, request } from './api.ts';
import { number } from './format.ts';
import { say } from './language.ts';
import { serverNow } from './now.ts';
import { ask } from './parts/ask.tsx';
import { toast } from './parts/toasts.tsx';
import { keyPath } from './store-resources.ts';
import type { StoredDraft } from './stored-draft.ts';
import { own } from './task-actions.ts';

/** The key somebody looks at or edits; `new` while one is made. */
export const opened = signal<StoredRecord | 'new' | null>(null);
/** The whole number that somebody adds to. */
export const counted = signal<StoredRecord | null>(null);

export function isCount({ value }: StoredRecord): boolean {
  return Number.isSafeInteger(value);
}

/** Seconds until a key ends; null for one that never does. @throws Problem when it is over */
function ttlLeft({ key, expiresAt }: StoredRecord): number | null {
  if (expiresAt === null) return null;
  const left = (Date.parse(expiresAt) - serverNow()) / 1_000;
  if (left <= 0) throw new Problem(409, 'conflict', say().store.told.over(key));
  return left;
}

/** @param base what the change rests on; null where there must be none @throws Problem, 412 when that is no longer so */
async function put(key: string, value: unknown, ttl: unknown, base: StoredRecord | null): Promise<StoredRecord> {
  const options = base ? { since: String(base.version) } : { onlyNew: true };
  const response = await request('PUT', keyPath(key), { value, ttl }, options);
  return (await response.json()) as StoredRecord;
}

async function drop({ key, version }: StoredRecord): Promise<void> {
  await request('DELETE', keyPath(key), undefined, { since: String(version) });
}

/** Call it only when the value is JSON. @throws Problem */
export async function set(draft: StoredDraft, base: StoredRecord | null): Promise<void> {
  const { key, ends } = draft;
  const ttl = ends === 'never' ? null : ends === 'after' ? draft.ttl.trim() : base && ttlLeft(base);
  const stored = await put(key, JSON.parse(draft.value), ttl, base);
  const undo = async () => {
    if (base) await put(key, base.value, ttlLeft(base), stored);
    else await drop(stored);
  };
  const words = say();
  toast(words.store.told.set(key), { label: words.do.undo, act: () => void own(undo) });
}

/** @param by whole number @throws Problem */
export async function increment({ key }: StoredRecord, by: number): Promise<void> {
  const path = `${keyPath(key)}/increment`;
  const { value } = await post<StoredRecord>(path, { by });
  const undo = async () => {
    // Of one that has ended meanwhile there is nothing to take away from.
    await get(keyPath(key));
    await post(path, { by: -by });
  };
  const words = say();
  toast(words.store.told.added(key, number(Number(value))), { label: words.do.undo, act: () => void own(undo) });
}

export async function remove(stored: StoredRecord): Promise<void> {
  const { key, value } = stored;
  const { ask: words, told } = say().store;
  const sure = await ask({
    title: words.removeTitle(key),
    text: words.removeText,
    yes: words.removeYes,
    tone: 'bad',
  });
  if (sure === null) return;
  await own(async () => {
    await drop(stored);
    const undo = async () => void (await put(key, value, ttlLeft(stored), null));
    toast(told.removed(key), { label: say().do.undo, act: () => void own(undo) });
  });
}

export function cleanUp(): Promise<void> {
  return own(async () => {
    const { keys } = await post<Cleared>('store/cleanup');
    toast(say().store.told.cleared(keys));
  });
}
