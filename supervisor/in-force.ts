/** What the state takes from the settings in force and from the handlers: limits, rates and lanes. */
import type { HandlerCatalog } from '../workers/contract.ts';
import { RateWindow } from './core/rate.ts';
import type { Limits, State } from './core/state.ts';
import { slotLane } from './dispatch/plan.ts';
import type { Settings } from './settings/settings.ts';

export function limitsOf(settings: Settings): Limits {
  const { limits } = settings;
  return {
    concurrencyByType: new Map(limits.types),
    concurrencyByGroup: new Map(limits.groups),
    rateByGroup: new Map(limits.rates),
    idempotencyWindowMs: settings.idempotencyWindowMs,
    idempotencyKeysMax: settings.idempotencyKeysMax,
    failedLiveMs: settings.failedLiveMs,
    agingMs: settings.ageingMs,
    storeBytesMax: settings.storeSizeMb * 1024 * 1024,
  };
}

/** Takes them while work goes on as well. A limit in the settings goes before the handler's own. */
export function putInForce(state: State, settings: Settings, { handlers }: HandlerCatalog, now: number): void {
  const byType = new Map<string, number>();
  for (const { type, concurrency } of handlers) if (concurrency !== null) byType.set(type, concurrency);
  for (const [type, most] of settings.limits.types) byType.set(type, most);
  state.limits = { ...limitsOf(settings), concurrencyByType: byType };
  changeRates(state);
  state.lanes = new Map(handlers.map(({ type, lane, builtIn }) => [type, slotLane(lane, builtIn, settings.isolation)]));
  state.switchedOff = new Map(
    handlers.flatMap(({ type, flag }) => (flag !== null && settings.flags.get(flag) !== true ? [[type, flag]] : [])),
  );
  state.flags = settings.flags;
  state.ready.agingMs = settings.ageingMs;
  state.ready.releaseAll(now);
}

/** What has started lately counts under the new rate, too. */
function changeRates({ rates, limits: { rateByGroup } }: State): void {
  for (const group of [...rates.keys()]) if (!rateByGroup.has(group)) rates.delete(group);
  for (const [group, rate] of rateByGroup) {
    const known = rates.get(group);
    if (known?.rate.count === rate.count && known.rate.perMs === rate.perMs) continue;
    const window = new RateWindow(rate);
    for (const start of known?.startsSince(Number.NEGATIVE_INFINITY) ?? []) window.take(start);
    rates.set(group, window);
  }
}
