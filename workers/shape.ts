/** Whether what a file exports is a handler: each mistake said so that its author can mend it. */
import type { Lane } from './contract.ts';
import type { HandlerDefinition } from './define.ts';
import { durationMs } from './duration.ts';

export type AnyHandler = HandlerDefinition<unknown, unknown>;

export const TYPE = /^[\p{L}\p{N}][\p{L}\p{N}._:/@+-]{0,199}$/u;
export const SETTING = /^[A-Z][A-Z0-9_]{0,99}$/;
const FLAG = /^[A-Z][A-Z0-9_]{0,99}$/;
const LANES: readonly Lane[] = ['cpu', 'io', 'process'];
const MEMBERS = ['type', 'params', 'timeout', 'maxAttempts', 'concurrency', 'lane', 'flag', 'settings', 'run'];
export const settingsMax = 100;
const attemptsMax = 1_000;
const concurrencyMax = 10_000;

/**
 * The handler a module exports: as `default`, or as `handler`, which our own use. Compiled CommonJS hides its default
 * one level deeper.
 */
export function handlerOf(module: Readonly<Record<string, unknown>>): AnyHandler {
  const outer = module['default'] ?? module['handler'];
  const inner = isObject(outer) && outer['__esModule'] === true ? outer['default'] : outer;
  if (inner === undefined) {
    throw new Error('exports no handler: expected "export default { type, run }", or "module.exports = { type, run }"');
  }
  if (!isObject(inner)) throw new Error(`its default export is ${nameOf(inner)}; expected an object { type, run }`);
  const mistakes = mistakesOf(inner);
  if (mistakes.length > 0) throw new Error(mistakes.join('; '));
  return inner as unknown as AnyHandler;
}

function mistakesOf(handler: Record<string, unknown>): string[] {
  const mistakes: string[] = [];
  const { type, run, params, timeout, maxAttempts, concurrency, lane, flag, settings } = handler;
  const want = (good: boolean, text: string) => good || mistakes.push(text);
  want(
    typeof type === 'string' && TYPE.test(type),
    `"type" must be a name of letters, digits and . _ : / @ + -, not ${nameOf(type)}`,
  );
  want(typeof run === 'function', `"run" must be a function (params, ctx), not ${nameOf(run)}`);
  want(params === undefined || isSchema(params), '"params" must be a Standard Schema, e.g. of zod, valibot or arktype');
  want(
    timeout === undefined || isTimeout(timeout),
    `"timeout" must be a duration such as "5m", not ${nameOf(timeout)}`,
  );
  want(
    maxAttempts === undefined || isWhole(maxAttempts, attemptsMax),
    `"maxAttempts" must be a whole number from 1 to ${attemptsMax}`,
  );
  want(
    concurrency === undefined || isWhole(concurrency, concurrencyMax),
    `"concurrency" must be a whole number from 1 to ${concurrencyMax}`,
  );
  want(
    lane === undefined || LANES.includes(lane as Lane),
    `"lane" must be one of ${LANES.join(', ')}, not ${nameOf(lane)}`,
  );
  want(
    flag === undefined || (typeof flag === 'string' && FLAG.test(flag)),
    `"flag" must be a name of capital letters, digits and _, e.g. "NIGHT_SYNC", not ${nameOf(flag)}`,
  );
  want(
    settings === undefined || isSettings(settings),
    '"settings" must be a list of setting names such as "HANDLER_API_KEY"',
  );
  for (const member of Object.keys(handler)) {
    want(MEMBERS.includes(member), `"${member}" is not a member of a handler; known are ${MEMBERS.join(', ')}`);
  }
  return mistakes;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSchema(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Record<string, unknown>)['~standard'];
  return isObject(standard) && typeof standard['validate'] === 'function';
}

function isTimeout(value: unknown): boolean {
  return typeof value === 'string' && (durationMs(value) ?? 0) > 0;
}

function isWhole(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function isSettings(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length <= settingsMax &&
    value.every((name) => typeof name === 'string' && SETTING.test(name))
  );
}

function nameOf(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 60))
    : Array.isArray(value)
      ? 'a list'
      : `a ${typeof value}`;
}
