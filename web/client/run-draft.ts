/** What somebody has written of a run that is yet to start, and the body of `POST /runs` it makes. */

import type { Mistake } from '../../supervisor/core/refusal.ts';
import type { RunRecord } from '../../supervisor/core/run/record.ts';
import { say } from './language.ts';
import { paramsMistake } from './task-draft.ts';

export interface RunDraft {
  readonly pipeline: string;
  /** JSON text. */
  readonly params: string;
  /** Names with commas. */
  readonly sources: string;
  /** JSON text; empty for none. */
  readonly scope: string;
}

export const EMPTY_RUN: RunDraft = { pipeline: '', params: '{}', sources: '', scope: '' };

/** One like it. */
export function draftOf({
  pipeline,
  params,
  sources,
  scope,
}: Pick<RunRecord, 'pipeline' | 'params' | 'sources' | 'scope'>): RunDraft {
  return {
    pipeline,
    params: JSON.stringify(params, null, 2),
    sources: sources?.join(', ') ?? '',
    scope: scope === null ? '' : JSON.stringify(scope, null, 2),
  };
}

export type RunField = keyof RunDraft;
export type RunMistakes = Partial<Record<RunField | 'form', string>>;

function sourcesOf({ sources }: RunDraft): readonly string[] {
  return sources
    .split(/[,，\n]/)
    .map((name) => name.trim())
    .filter(Boolean);
}

/** Mistakes that need no server. */
export function ownRunMistakes({
  pipeline,
  params,
  scope,
}: Pick<RunDraft, 'pipeline' | 'params' | 'scope'>): RunMistakes {
  const [wrongParams, wrongScope] = [paramsMistake(params), scope.trim() === '' ? null : paramsMistake(scope)];
  return {
    ...(pipeline === '' && { pipeline: say().add.required }),
    ...(wrongParams !== null && { params: wrongParams }),
    ...(wrongScope !== null && { scope: wrongScope }),
  };
}

/** Call it only when params and scope are JSON. */
export function runBodyOf(draft: RunDraft): Record<string, unknown> {
  const sources = sourcesOf(draft);
  return {
    pipeline: draft.pipeline,
    params: JSON.parse(draft.params),
    ...(sources.length > 0 && { sources }),
    ...(draft.scope.trim() !== '' && { scope: JSON.parse(draft.scope) }),
  };
}

const FIELDS: readonly RunField[] = ['pipeline', 'params', 'sources', 'scope'];

/** Sources and scope reach the first task among its params: a mistake in them belongs where they were written. */
export function writtenAt(path: string, draft: Pick<RunDraft, 'sources' | 'scope'>): string {
  return path.replace(/\.params\.(sources|scope)\b/, (whole, member: 'sources' | 'scope') =>
    draft[member].trim() === '' ? whole : `.${member}`,
  );
}

/** The server names places such as `$.params.url`; the field is the first member, the rest is told. */
export function runMistakesOf(mistakes: readonly Mistake[], otherwise: string, draft: RunDraft): RunMistakes {
  if (mistakes.length === 0) return { form: otherwise };
  const found: RunMistakes = {};
  for (const { path: given, message } of mistakes) {
    const path = writtenAt(given, draft);
    const [, member = '', rest = ''] = /^\$\.([^.[]+)\.?(.*)$/.exec(path) ?? [];
    const field = FIELDS.find((name) => name === member) ?? 'form';
    const text = [field === 'form' ? path.replace(/^\$\.?/, '') : rest, message].filter(Boolean).join(' ');
    found[field] = found[field] ? `${found[field]}; ${text}` : text;
  }
  return found;
}
