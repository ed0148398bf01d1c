/** A key of the store while somebody writes it: what is sent, and which field a mistake belongs to. */
import type { StoredRecord } from '../../supervisor/core/store/record.ts';
import type { Problem } from './api.ts';
import { say } from './language.ts';
import { paramsMistake } from './task-draft.ts';

export interface StoredDraft {
  readonly key: string;
  /** JSON text. */
  readonly value: string;
  /** `kept`: at the moment at which it ends now. */
  readonly ends: 'never' | 'kept' | 'after';
  /** A duration such as `10m`, for `after`. */
  readonly ttl: string;
}
export type StoredMistakes = Partial<Record<'key' | 'value' | 'ttl' | 'form', string>>;

export const EMPTY_STORED: StoredDraft = { key: '', value: '""', ends: 'never', ttl: '10m' };

export function draftOf(stored: StoredRecord | null): StoredDraft {
  if (!stored) return EMPTY_STORED;
  const { key, value, expiresAt } = stored;
  return { ...EMPTY_STORED, key, value: JSON.stringify(value, null, 2), ends: expiresAt === null ? 'never' : 'kept' };
}

/** Whether somebody has written something that would be lost. An end alone is chosen again in a moment. */
export function isWritten(draft: StoredDraft, base: StoredRecord | null): boolean {
  if (!base) return draft.key !== EMPTY_STORED.key || draft.value !== EMPTY_STORED.value;
  return JSON.stringify(draft) !== JSON.stringify(draftOf(base));
}

/** Mistakes that need no server; of the key also those that no address could carry there. */
export function ownMistakes({ key, value, ends, ttl }: StoredDraft): StoredMistakes {
  const words = say();
  const wrong = paramsMistake(value);
  return {
    ...(key === '' && { key: words.add.required }),
    ...((key === '.' || key === '..') && { key: words.store.form.keyMistake }),
    ...(wrong !== null && { value: wrong }),
    ...(ends === 'after' && ttl.trim() === '' && { ttl: words.add.required }),
  };
}

/** The server names `key`, `$.ttl` and places in the value such as `$.value.seen[0]`. */
export function mistakesOf({ status, message, mistakes }: Problem): StoredMistakes {
  if (status === 0) return { form: say().told.unreachable };
  if (mistakes.length === 0) return { form: message };
  const found: StoredMistakes = {};
  for (const { path, message } of mistakes) {
    const [, member = '', rest = ''] = /^(?:\$\.)?(\w+)\.?(.*)$/.exec(path) ?? [];
    const field = member === 'key' || member === 'value' || member === 'ttl' ? member : 'form';
    found[field] ??= [field === 'form' ? path : rest, message].filter(Boolean).join(' ');
  }
  return found;
}
