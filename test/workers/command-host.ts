/** A process that runs one `command.run` order in a pool and waits: it is there to be killed. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { versionOf } from '../../workers/load.ts';
import { builtIn, TestPool } from './thread-pool.ts';

const [dataDir = '', params = '', commands = ''] = process.argv.slice(2);
const scratchDir = join(dataDir, 'scratch');
mkdirSync(scratchDir, { recursive: true });
const file = builtIn('command.run');
const pool = new TestPool({ incarnation: 'host', scratchDir, dataDir, graceMs: 1_000 });
await pool.run([
  {
    taskId: '00000000-0000-7000-8000-000000000000',
    type: 'command.run',
    attempt: 1,
    params,
    createdAt: 0,
    priority: 5,
    tags: [],
    group: null,
    run: null,
    timeoutMs: null,
    resume: null,
    handlerUrl: pathToFileURL(file).href,
    handlerVersion: versionOf(readFileSync(file)),
    settings: { COMMANDS: commands },
  },
]);
