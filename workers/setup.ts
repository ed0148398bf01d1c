/**
 * What this thread was given when it was made (Piscina hands its `workerData` on as it is), or this process: there it is
 * taken out of the environment before a handler can see it.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { SETUP_VARIABLE, type WorkerSetup } from './contract.ts';

/** In a process that is neither: under `nightshift/testing`. */
const alone: WorkerSetup = {
  incarnation: '',
  scratchDir: tmpdir(),
  dataDir: join(tmpdir(), 'nightshift-none'),
  graceMs: 10_000,
};

const given = process.env[SETUP_VARIABLE];
export const setup = (workerData ?? (given === undefined ? alone : JSON.parse(given))) as WorkerSetup;
delete process.env[SETUP_VARIABLE];
