/** What this thread was given when it was made. Piscina hands its `workerData` on as it is. */
import { workerData } from 'node:worker_threads';
import type { WorkerSetup } from './contract.ts';

export const setup = workerData as WorkerSetup;
