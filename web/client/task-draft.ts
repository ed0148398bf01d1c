/** A task while somebody writes it in the form: what is sent, and which field a mistake belongs to. */
import type { Mistake } from '../../supervisor/core/refusal.ts';
import { jsonMistake } from '../json-mistake.ts';
import { say } from './language.ts';
import { momentOf } from './zone.ts';

export interface Draft {
  readonly type: string;
  readonly params: string;
  readonly when: 'now' | 'delay' | 'runAt';
  readonly delay: string;
  /** As the browser's field gives it, without a zone: it is the supervisor's. */
  readonly runAt: string;
  readonly priority: string;
  readonly group: string;
  readonly tags: string;
  readonly idempotencyKey: string;
  readonly timeout: string;
  readonly maxAttempts: string;
  /** Empty for the supervisor's own choice. */
  readonly onInterrupt: '' | 'requeue' | 'hold' | 'fail';
}

export const EMPTY_DRAFT: Draft = {
  type: '',
  params: '{}',
  when: 'now',
  delay: '10m',
  runAt: '',
  priority: '5',
  group: '',
  tags: '',
  idempotencyKey: '',
  timeout: '',
  maxAttempts: '',
  onInterrupt: '',
};

/** Params to begin with, for the handlers that come along. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  'http.download': { url: 'https://example.org/file.mp3' },
  'http.request': { url: 'https://example.org/', method: 'GET' },
  'command.run': { command: 'backup', args: [] },
};

export function exampleOf(type: string): string {
  return JSON.stringify(EXAMPLES[type] ?? {}, null, 2);
}

export function isExample(params: string): boolean {
  return params.trim() === '{}' || Object.keys(EXAMPLES).some((type) => exampleOf(type) === params);
}

/** Whether somebody has written something that would be lost. A type alone is chosen again in a moment. */
export function isWritten(draft: Draft): boolean {
  const { type: _type, when: _when, params, ...texts } = draft;
  const changed = Object.entries(texts).some(([name, text]) => text !== EMPTY_DRAFT[name as keyof typeof texts]);
  return changed || !isExample(params);
}

export function tagsOf({ tags }: Draft): readonly string[] {
  return tags
    .split(/[,，]/)
    .map((tag) => tag.trim())
    .filter(Boolean);
}

/** Where the text stops being JSON, in the reader's language as far as it goes; null when it is JSON. */
export function paramsMistake(text: string): string | null {
  const found = jsonMistake(text);
  return found && say().add.badJson(found.line, found.column, found.message);
}

/** The body of `POST /tasks`. What was left empty is left out. Call it only when the params are JSON. */
export function bodyOf(draft: Draft): Record<string, unknown> {
  const tags = tagsOf(draft);
  return {
    type: draft.type.trim(),
    params: JSON.parse(draft.params),
    priority: Number(draft.priority),
    ...(draft.when === 'delay' && { delay: draft.delay.trim() }),
    ...(draft.when === 'runAt' && draft.runAt !== '' && { runAt: new Date(momentOf(draft.runAt)).toISOString() }),
    ...(draft.group.trim() !== '' && { group: draft.group.trim() }),
    ...(tags.length > 0 && { tags }),
    ...(draft.idempotencyKey.trim() !== '' && { idempotencyKey: draft.idempotencyKey.trim() }),
    ...(draft.timeout.trim() !== '' && { timeout: draft.timeout.trim() }),
    ...(draft.maxAttempts !== '' && { maxAttempts: Number(draft.maxAttempts) }),
    ...(draft.onInterrupt !== '' && { onInterrupt: draft.onInterrupt }),
  };
}

export type FieldName = Exclude<keyof Draft, 'when'>;
const FIELDS: readonly FieldName[] = [
  'type',
  'params',
  'delay',
  'runAt',
  'priority',
  'group',
  'tags',
  'idempotencyKey',
  'timeout',
  'maxAttempts',
  'onInterrupt',
];
export type Mistakes = Partial<Record<FieldName | 'form', string>>;

/** The server names places such as `$.params.url` or `$.tags[1]`; the field is the first member, the rest is told. */
export function byField(mistakes: readonly Mistake[], otherwise: string, tags: readonly string[]): Mistakes {
  if (mistakes.length === 0) return { form: otherwise };
  const found: Mistakes = {};
  for (const { path, message } of mistakes) {
    const [, member = '', rest = ''] = /^\$\.([^.[]+)\.?(.*)$/.exec(path) ?? [];
    const field = FIELDS.find((name) => name === member) ?? 'form';
    const place = field === 'tags' ? tagAt(rest, tags) : rest;
    const text = [field === 'form' ? path.replace(/^\$\.?/, '') : place, message].filter(Boolean).join(' ');
    found[field] = found[field] ? `${found[field]}; ${text}` : text;
  }
  return found;
}

const tagCharsShown = 32;

/** Nobody counts tags: the one that is wrong is told by its name. */
function tagAt(place: string, tags: readonly string[]): string {
  const tag = tags[Number(/^\[(\d+)\]/.exec(place)?.[1])];
  if (tag === undefined) return place;
  return `“${tag.length > tagCharsShown ? `${tag.slice(0, tagCharsShown)}…` : tag}”`;
}

/** What is no mistake but likely not meant: a moment that is over begins at once. */
export function isOver(draft: Draft, now: number): boolean {
  return draft.when === 'runAt' && momentOf(draft.runAt) <= now;
}

/** Mistakes that need no server. */
export function ownMistakes(draft: Draft): Mistakes {
  const params = paramsMistake(draft.params);
  return {
    ...(draft.type.trim() === '' && { type: say().add.required }),
    ...(params !== null && { params }),
    ...(draft.when === 'delay' && draft.delay.trim() === '' && { delay: say().add.required }),
    ...(draft.when === 'runAt' && draft.runAt === '' && { runAt: say().add.required }),
  };
}
