import t from 'tap';
import { crashLibrary } from './library-crash.ts';

t.test('killed at random while it fills, the library ends as undisturbed, and nothing is uploaded twice', async (t) => {
  const seed = Number(process.env['NIGHTSHIFT_CRASH_SEED'] ?? Date.now() % 1_000_000_000);
  const report = await crashLibrary({ tracks: 120, kills: 4, seed });
  t.comment(JSON.stringify(report));
  t.same(report.broken, [], `seed ${seed}`);
  t.ok(report.kills > 0, 'it was killed on its way');
});
