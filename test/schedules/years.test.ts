/**
 * Years of schedules, simulated. `YEARS=20 npm test -- test/schedules/years.test.ts` lives so many, and `SEED` lives one
 * again.
 */
import t from 'tap';
import { Years } from './years.ts';

const years = Number(process.env['YEARS'] ?? 0);
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const days = years > 0 ? 365 : 90;

t.setTimeout(0);

t.test('whatever kills, stops, wrong clocks and changes do, each planned time has one outcome', async (t) => {
  for (let life = 0; life < Math.max(1, years); life++) {
    const { faults, planned, tasks } = await new Years({ seed: seed + life, days }).live(75);
    const again = `SEED=${seed + life} YEARS=${years}`;
    t.strictSame(faults.slice(0, 20), [], again);
    t.ok(planned > 50 * days && tasks > 3 * days, `${again}: ${planned} planned times, ${tasks} tasks`);
  }
});
