/**
 * A pipeline as somebody wrote it: checked as a whole, its mistakes named together. Unknown members are refused, not
 * ignored: a misspelt `onFailure` must not let a run go on.
 */
import { parseDuration } from '../duration.ts';
import { attemptsMax, durationMsMax, nameCharsMax } from '../limits.ts';
import type { Rate } from '../rate.ts';
import type { Mistake } from '../refusal.ts';
import { type Checked, isMembers, kindOf, type Members, NAME, shown } from '../task-input.ts';
import { type OnFailure, PIPELINE_ON_INTERRUPTS, type Pipeline, STAGE_STARTS, type Stage } from './pipeline.ts';
import {
  noteCharsMax,
  stageConcurrencyMax,
  stageFailuresMax,
  stageRateCountMax,
  stageRateMsMax,
  stagesMax,
} from './run-limits.ts';

const PIPELINE_MEMBERS = ['name', 'note', 'onInterrupt', 'stages'];
const STAGE_MEMBERS = ['name', 'type', 'concurrency', 'rate', 'maxAttempts', 'timeout', 'start', 'onFailure'];
const RATE = /^(\d{1,6})\/(.+)$/;
const STOP_AFTER = /^stop after (\d{1,6})( ?%)?$/;

/** @param path where the pipeline stands in its document, `$` for the whole */
export function checkPipeline(value: unknown, path = '$'): Checked<Pipeline> {
  if (!isMembers(value)) {
    const message = `expected a pipeline, an object with "name" and "stages", but got ${kindOf(value)}`;
    return { ok: false, mistakes: [{ path, message }] };
  }
  const reading = new Reading(value, path, 'a pipeline', PIPELINE_MEMBERS);
  const pipeline: Pipeline = {
    name: reading.name('name'),
    note: reading.text('note', noteCharsMax),
    onInterrupt: reading.choice('onInterrupt', PIPELINE_ON_INTERRUPTS, 'requeue'),
    stages: stagesOf(value['stages'], `${path}.stages`, reading.mistakes),
  };
  return reading.mistakes.length > 0 ? { ok: false, mistakes: reading.mistakes } : { ok: true, value: pipeline };
}

function stagesOf(value: unknown, path: string, mistakes: Mistake[]): readonly Stage[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > stagesMax) {
    const message =
      value === undefined
        ? 'is required: a list of stages, each with "name" and "type"'
        : `must be a list of 1 to ${stagesMax} stages, not ${shown(value)}`;
    mistakes.push({ path, message });
    return [];
  }
  const names = new Map<string, number>();
  return value.flatMap((one, index) => {
    const place = `${path}[${index}]`;
    if (!isMembers(one)) {
      mistakes.push({ path: place, message: `must be an object with "name" and "type", not ${shown(one)}` });
      return [];
    }
    const reading = new Reading(one, place, 'a stage', STAGE_MEMBERS, mistakes);
    const stage: Stage = {
      name: reading.name('name'),
      type: reading.name('type'),
      concurrency: reading.integer('concurrency', stageConcurrencyMax),
      rate: reading.rate('rate'),
      maxAttempts: reading.integer('maxAttempts', attemptsMax),
      timeoutMs: reading.timeout('timeout'),
      start: reading.choice('start', Object.keys(STAGE_STARTS) as (keyof typeof STAGE_STARTS)[], 'after'),
      onFailure: reading.onFailure('onFailure'),
    };
    const earlier = names.get(stage.name);
    if (earlier !== undefined)
      mistakes.push({
        path: `${place}.name`,
        message: `is the name of ${path}[${earlier}] too: each stage has its own`,
      });
    names.set(stage.name, index);
    return [stage];
  });
}

/** Members of one object; what is wrong is noted, and something harmless given in its place. */
class Reading {
  readonly mistakes: Mistake[];
  readonly #members: Members;
  readonly #path: string;

  constructor(members: Members, path: string, what: string, known: readonly string[], mistakes: Mistake[] = []) {
    this.#members = members;
    this.#path = path;
    this.mistakes = mistakes;
    for (const member of Object.keys(members)) {
      if (!known.includes(member)) this.#wrong(member, `is not a member of ${what}; known are ${known.join(', ')}`);
    }
  }

  name(member: string): string {
    const value = this.#members[member];
    if (value === undefined) this.#wrong(member, 'is required: a name of letters, digits and . _ : / @ + -');
    else if (typeof value !== 'string' || value.length > nameCharsMax || !NAME.test(value))
      this.#wrong(
        member,
        `must be a name of letters, digits and . _ : / @ + -, at most ${nameCharsMax} long, not ${shown(value)}`,
      );
    else return value;
    return '';
  }

  text(member: string, charsMax: number): string {
    const value = this.#members[member] ?? '';
    if (typeof value === 'string' && value.length <= charsMax) return value;
    this.#wrong(member, `must be text of at most ${charsMax} characters, not ${shown(value)}`);
    return '';
  }

  choice<T extends string>(member: string, choices: readonly T[], otherwise: T): T {
    const value = this.#members[member] ?? otherwise;
    const chosen = choices.find((choice) => choice === value);
    if (chosen === undefined) this.#wrong(member, `must be one of ${choices.join(', ')}, not ${shown(value)}`);
    return chosen ?? otherwise;
  }

  integer(member: string, most: number): number | null {
    const value = this.#members[member] ?? null;
    if (value === null || isWhole(value, most)) return value as number | null;
    this.#wrong(member, `must be a whole number from 1 to ${most}, not ${shown(value)}`);
    return null;
  }

  timeout(member: string): number | null {
    const value = this.#members[member] ?? null;
    if (value === null) return null;
    const ms = typeof value === 'string' ? parseDuration(value) : null;
    if (ms !== null && ms > 0 && ms <= durationMsMax) return ms;
    this.#wrong(member, `must be a duration such as "10s", "5m" or "2h", more than 0, not ${shown(value)}`);
    return null;
  }

  rate(member: string): Rate | null {
    const value = this.#members[member] ?? null;
    if (value === null) return null;
    const [, count = '', per = ''] = (typeof value === 'string' ? RATE.exec(value) : null) ?? [];
    const perMs = parseDuration(per);
    if (isWhole(Number(count), stageRateCountMax) && perMs !== null && perMs > 0 && perMs <= stageRateMsMax)
      return { count: Number(count), perMs };
    this.#wrong(
      member,
      `must be a number of starts (1 to ${stageRateCountMax}), a slash and a duration up to 31d, e.g. "10/1m", not ${shown(value)}`,
    );
    return null;
  }

  onFailure(member: string): OnFailure {
    const value = this.#members[member] ?? 'continue';
    if (value === 'continue') return { kind: 'continue' };
    if (value === 'stop') return { kind: 'count', most: 1 };
    const [, most = '', percent] = (typeof value === 'string' ? STOP_AFTER.exec(value) : null) ?? [];
    if (percent !== undefined && isWhole(Number(most), 100)) return { kind: 'percent', most: Number(most) };
    if (percent === undefined && isWhole(Number(most), stageFailuresMax)) return { kind: 'count', most: Number(most) };
    this.#wrong(
      member,
      `must be continue, stop, "stop after 10" (tasks) or "stop after 10%" (of the tasks of the stage), not ${shown(value)}`,
    );
    return { kind: 'continue' };
  }

  #wrong(member: string, message: string): void {
    this.mistakes.push({ path: `${this.#path}.${member}`, message });
  }
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}
