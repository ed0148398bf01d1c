/**
 * What this thread was given when it was made (Piscina hands its `workerData` on as it is), or this process: there it is
 * taken out of the environment before a handler can see it.
 */
import { workerData } from 'node:worker_threads';
import { SETUP_VARIABLE, type WorkerSetup } from './contract.ts';

export const setup = (workerData ?? JSON.parse(process.env[SETUP_VARIABLE] ?? 'null')) as WorkerSetup;
delete process.env[SETUP_VARIABLE];
