/**
 * Years of schedules, simulated. `YEARS=20 npm test -- test/schedules/years.test.ts` lives so many, and `SEED` lives one
 * again.
 */
import t from 'tap';
import { Years } from './years.ts';

const years = Number(process.env['YEARS'] ?? 0);
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const days = years > 0 ? 365 : 90;
/** One that is always lived too: that enough happens in a life is seen there, where chance has no say. */
const known = 1;

t.setTimeout(0);

t.test('whatever kills, stops, wrong clocks and changes do, each planned time has one outcome', async (t) => {
  const lives = Array.from({ length: Math.max(1, years) }, (_, life) => seed + life);
  for (const life of [known, ...lives]) {
    const { faults, planned, tasks } = await new Years({ seed: life, days }).live(75);
    const again = `SEED=${life} YEARS=${years}`;
    t.strictSame(faults.slice(0, 20), [], again);
    if (life === known)
      t.ok(planned > 50 * days && tasks > 10 * days, `${again}: ${planned} planned times, ${tasks} tasks`);
  }
});
