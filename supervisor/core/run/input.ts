/** What somebody wrote to start a run, or to put work into its stages: checked as a whole. */
import { nameCharsMax } from '../limits.ts';
import type { Mistake } from '../refusal.ts';
import { type Checked, checkJson, checkTask, defaultPriority, isMembers, kindOf, shown } from '../task-input.ts';
import { keyCharsMax, labelCharsMax, scopeBytesMax, sourcesMax } from './run-limits.ts';

/** A run to start, before it has a pipeline and an id. */
export interface RunInput {
  readonly pipeline: string;
  /** JSON text */
  readonly params: string;
  readonly sources: readonly string[] | null;
  readonly scope: unknown;
  readonly priority: number;
}

const RUN_MEMBERS = ['pipeline', 'params', 'sources', 'scope', 'priority'];

/** @param path where the run stands in its document, `$` for the whole */
export function checkRun(value: unknown, path = '$'): Checked<RunInput> {
  if (!isMembers(value)) {
    const message = `expected a run, an object with "pipeline", but got ${kindOf(value)}`;
    return { ok: false, mistakes: [{ path, message }] };
  }
  const mistakes: Mistake[] = [];
  const { pipeline, params = {}, sources = null, scope = null, priority = defaultPriority } = value;
  for (const member of Object.keys(value)) {
    if (!RUN_MEMBERS.includes(member))
      mistakes.push({
        path: `${path}.${member}`,
        message: `is not a member of a run; known are ${RUN_MEMBERS.join(', ')}`,
      });
  }
  if (typeof pipeline !== 'string' || pipeline === '')
    mistakes.push({ path: `${path}.pipeline`, message: 'is required: the name of a pipeline' });
  if (!isMembers(params)) mistakes.push({ path: `${path}.params`, message: `must be an object, not ${shown(params)}` });
  if (sources !== null && !areNames(sources))
    mistakes.push({ path: `${path}.sources`, message: `must be a list of 1 to ${sourcesMax} names` });
  checkScope(scope, `${path}.scope`, mistakes);
  const whole = {
    ...(isMembers(params) && params),
    ...(sources !== null && { sources }),
    ...(scope !== null && { scope }),
  };
  for (const member of ['sources', 'scope']) {
    if (isMembers(params) && member in params && value[member] != null)
      mistakes.push({ path: `${path}.${member}`, message: 'stands in "params" too: give one of them' });
  }
  const first = checkTask({ type: 'any', params: whole, priority }, path);
  if (!first.ok) mistakes.push(...first.mistakes);
  if (mistakes.length > 0 || !first.ok) return { ok: false, mistakes };
  return {
    ok: true,
    value: {
      pipeline: pipeline as string,
      params: JSON.stringify(params),
      sources: sources as readonly string[] | null,
      scope,
      priority: first.value.priority,
    },
  };
}

function areNames(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0 || value.length > sourcesMax) return false;
  return value.every((name) => typeof name === 'string' && name !== '' && name.length <= nameCharsMax);
}

function checkScope(scope: unknown, path: string, mistakes: Mistake[]): void {
  const before = mistakes.length;
  checkJson(scope, path, mistakes);
  if (mistakes.length === before && Buffer.byteLength(JSON.stringify(scope)) > scopeBytesMax)
    mistakes.push({ path, message: `must be at most ${scopeBytesMax} bytes as JSON` });
}

/** Params of the task that a run begins with: those of the run, with what it is to work on. */
export function firstParams({ params, sources, scope }: Pick<RunInput, 'params' | 'sources' | 'scope'>): string {
  if (sources === null && scope === null) return params;
  const more = { ...(sources !== null && { sources }), ...(scope !== null && { scope }) };
  return JSON.stringify({ ...(JSON.parse(params) as object), ...more });
}

/** Work for the own stage of a task or one behind it. */
export interface NextInput {
  readonly key: string;
  /** JSON text */
  readonly params: string;
  readonly label: string | null;
  /** Null for the next. */
  readonly stage: string | null;
  /** Null for that of the stage. */
  readonly type: string | null;
}

const NEXT_MEMBERS = ['key', 'params', 'label', 'stage', 'type'];

export function checkNext(value: unknown, path = '$'): Checked<NextInput> {
  if (!isMembers(value)) {
    const message = `expected work for a stage, an object with "key" and "params", but got ${kindOf(value)}`;
    return { ok: false, mistakes: [{ path, message }] };
  }
  const mistakes: Mistake[] = [];
  const { key, params, label = null, stage = null, type = null } = value;
  for (const member of Object.keys(value)) {
    if (!NEXT_MEMBERS.includes(member))
      mistakes.push({ path: `${path}.${member}`, message: `is not known here; known are ${NEXT_MEMBERS.join(', ')}` });
  }
  if (typeof key !== 'string' || key === '' || key.length > keyCharsMax)
    mistakes.push({
      path: `${path}.key`,
      message: `is required: a text of 1 to ${keyCharsMax} characters that names the work, the same when the attempt is repeated`,
    });
  if (label !== null && (typeof label !== 'string' || label.length > labelCharsMax))
    mistakes.push({ path: `${path}.label`, message: `must be text of at most ${labelCharsMax} characters` });
  if (stage !== null && (typeof stage !== 'string' || stage === ''))
    mistakes.push({ path: `${path}.stage`, message: `must be the name of a stage, not ${shown(stage)}` });
  const task = checkTask({ type: type ?? 'any', ...(params !== undefined && { params }) }, path);
  if (!task.ok) mistakes.push(...task.mistakes);
  if (mistakes.length > 0 || !task.ok) return { ok: false, mistakes };
  return {
    ok: true,
    value: {
      key: key as string,
      params: task.value.params,
      label: (label || null) as string | null,
      stage: stage as string | null,
      type: type === null ? null : task.value.type,
    },
  };
}
