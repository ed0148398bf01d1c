/**
 * `npm run bench [-- --quick] [-- name …]`: measures every figure of this machine three times, each run in a process of
 * its own, and prints medians with their spread beside the machine's floors. Nothing here passes or fails.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, platform, release, tmpdir, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { acknowledge } from './acknowledge.ts';
import { drop } from './drop.ts';
import { type Bench, type Figure, percentile } from './figure.ts';
import { floors } from './floors.ts';
import { history } from './history.ts';
import { http } from './http.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { library } from './library.ts';
import { reload } from './reload.ts';
import { restart } from './restart.ts';
import { runs as pipelineRuns } from './runs.ts';
import { schedules } from './schedules.ts';
import { store } from './store.ts';
import { workOff } from './work-off.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  floors,
  acknowledge,
  http,
  'work-off': workOff,
  latency,
  restart,
  idle,
  drop,
  reload,
  schedules,
  store,
  library,
  history,
  runs: pipelineRuns,
};
const runs = 3;

interface Row extends Figure {
  readonly least: number;
  readonly most: number;
}

function measure(name: string, quick: boolean): Row[] {
  const taken: Figure[][] = [];
  for (let run = 0; run < (quick ? 1 : runs); run++) {
    const text = execFileSync(
      process.execPath,
      [fileURLToPath(import.meta.url), '--one', name, ...(quick ? ['--quick'] : [])],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    taken.push(JSON.parse(text.slice(text.lastIndexOf('\n[') + 1)) as Figure[]);
  }
  return (taken[0] ?? []).map((figure, index) => {
    const values = taken.map((figures) => figures[index]?.value ?? Number.NaN);
    return { ...figure, value: percentile(values, 0.5), least: Math.min(...values), most: Math.max(...values) };
  });
}

function print(rows: readonly Row[], floorOf: ReadonlyMap<string, number>): void {
  for (const { name, value, least, most, unit, target, floor } of rows) {
    const base = floor === undefined ? undefined : floorOf.get(floor);
    const ratio =
      base === undefined || unit !== 'per second'
        ? ''
        : `${((value / base) * 100).toFixed(0)} % of ${floor?.replace('floor: ', '')}`;
    const goal = target === null ? '' : `${unit === 'per second' ? '≥' : '≤'} ${show(target)}`;
    process.stdout.write(
      `| ${name} | ${show(value)} ${unit} | ${show(least)} – ${show(most)} | ${goal} | ${ratio} |\n`,
    );
  }
}

function show(value: number): string {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2);
}

function describeMachine(): string {
  const processors = cpus();
  const load = loadavg()[0] ?? 0;
  const busy =
    load > 0.5 ? `; load ${load.toFixed(1)}: it is busy with something else, so do not trust these figures` : '';
  return `${processors.length} × ${processors[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${tmpdir()} on ${platform()} ${release()}${busy}`;
}

async function main(given: readonly string[]): Promise<void> {
  const quick = given.includes('--quick');
  const names = given.filter((word) => !word.startsWith('--'));
  for (const name of names)
    if (!BENCHES[name]) throw new Error(`no bench ${name}; there are ${Object.keys(BENCHES).join(', ')}`);
  if (given.includes('--one')) {
    const figures = await (BENCHES[names[0] as string] as Bench)(quick);
    process.stdout.write(`\n${JSON.stringify(figures)}`);
    process.exit(0);
  }
  process.stdout.write(`${describeMachine()}\n\n`);
  process.stdout.write('| figure | median | spread | target | of the floor |\n| --- | --- | --- | --- | --- |\n');
  const floorOf = new Map<string, number>();
  for (const name of names.length > 0
    ? ['floors', ...names.filter((each) => each !== 'floors')]
    : Object.keys(BENCHES)) {
    const rows = measure(name, quick);
    if (name === 'floors') for (const row of rows) floorOf.set(row.name, row.value);
    print(rows, floorOf);
  }
}

await main(process.argv.slice(2));
