/** A process that runs one `command.run` order in a pool and waits: it is there to be killed. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ordersFor } from '../helpers/orders.ts';
import { builtIn, TestPool } from './thread-pool.ts';

const [dataDir = '', params = '', commands = ''] = process.argv.slice(2);
const scratchDir = join(dataDir, 'scratch');
mkdirSync(scratchDir, { recursive: true });
const order = ordersFor(builtIn('command.run'), 'command.run', { settings: { COMMANDS: commands } });
const pool = new TestPool({ incarnation: 'host', scratchDir, dataDir, graceMs: 1_000 });
await pool.run([order(JSON.parse(params))]);
