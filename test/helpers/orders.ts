/** Orders for the worker threads, as the dispatcher would make them. */
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Order } from '../../workers/contract.ts';
import { versionOf } from '../../workers/load.ts';

export type MakeOrder = (params: unknown, own?: Partial<Order>) => Order;

let tasks = 0;

/** @param file handler to run, absolute */
export function ordersFor(file: string, type: string, shared: Partial<Order> = {}): MakeOrder {
  const same = {
    type,
    attempt: 1,
    createdAt: Date.UTC(2026, 10, 22, 12),
    priority: 5,
    tags: [],
    group: null,
    run: null,
    timeoutMs: null,
    resume: null,
    handlerUrl: pathToFileURL(file).href,
    handlerVersion: versionOf(readFileSync(file)),
    settings: {},
    ...shared,
  };
  return (params, own = {}) => ({
    ...same,
    taskId: `00000000-0000-7000-8000-${String(++tasks).padStart(12, '0')}`,
    params: JSON.stringify(params),
    ...own,
  });
}
