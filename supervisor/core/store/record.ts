/** A stored value as the outside sees it, as JSON text: its own text is put in as it is. */
import { iso } from '../record.ts';
import type { Stored } from './store.ts';

export interface StoredRecord {
  readonly key: string;
  readonly value: unknown;
  readonly version: number;
  readonly expiresAt: string | null;
  readonly setAt: string;
}

/** Text of a `StoredRecord`. */
export function storedText({ key, value, version, expiresAt, setAt }: Stored): string {
  const ends = expiresAt === null ? 'null' : `"${iso(expiresAt)}"`;
  return `{"key":${JSON.stringify(key)},"value":${value},"version":${version},"expiresAt":${ends},"setAt":"${iso(setAt)}"}`;
}
