/**
 * `npm run check:layers`: holds the import directions of `.dependency-cruiser.cjs`. A check that read nothing would
 * pass as well (it does when its TypeScript cannot be loaded), so what it read is checked first.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult, type IViolation } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const FOLDERS = ['supervisor', 'workers', 'web', 'cli', 'bench', 'examples', 'test'];
const modulesLeast = 50;
const MUST_BE_THERE = ['supervisor/core/apply.ts', 'web/app.ts', 'cli/start.ts', 'workers/worker.ts'];
/** An import that must have been seen, or types are not read. */
const MUST_BE_SEEN = { from: 'web/app.ts', to: 'supervisor/facade.ts' };

const root = dirname(createRequire(import.meta.url).resolve('nightshift/package.json'));

async function readModules(): Promise<ICruiseResult> {
  process.chdir(root);
  const options = await extractOptions(join(root, '.dependency-cruiser.cjs'));
  const { output } = await cruise(FOLDERS, options, undefined, {
    tsConfig: extractTsConfig(join(root, 'tsconfig.json')),
  });
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text');
  return output;
}

/** @returns what shows that nothing was checked, or not all of it */
function blindness({ modules }: ICruiseResult): readonly string[] {
  const own = modules.filter((module) => FOLDERS.some((folder) => module.source.startsWith(`${folder}/`)));
  const missing = MUST_BE_THERE.filter((name) => !own.some((module) => module.source === name));
  const seen = own
    .find((module) => module.source === MUST_BE_SEEN.from)
    ?.dependencies.some(({ resolved }) => resolved === MUST_BE_SEEN.to);
  return [
    ...(own.length < modulesLeast ? [`only ${own.length} modules were read`] : []),
    ...missing.map((name) => `${name} was not read`),
    ...(seen ? [] : [`the import of ${MUST_BE_SEEN.to} in ${MUST_BE_SEEN.from} was not seen`]),
  ];
}

function sentence(
  { rule, from, to, cycle }: IViolation,
  reasons: ReadonlyMap<string | undefined, string | undefined>,
): string {
  const way = cycle ? cycle.map(({ name }) => name).join(' → ') : to;
  return `${rule.name}: ${from} → ${way}\n    ${reasons.get(rule.name) ?? ''}`;
}

const result = await readModules();
const blind = blindness(result);
const { violations, totalCruised, totalDependenciesCruised, ruleSetUsed } = result.summary;
const reasons = new Map(ruleSetUsed?.forbidden?.map(({ name, comment }) => [name, comment]));
for (const words of blind) console.error(`Nothing is proved: ${words}`);
for (const violation of violations) console.error(sentence(violation, reasons));
if (blind.length === 0 && violations.length === 0)
  console.log(`Layers hold: ${totalCruised} modules, ${totalDependenciesCruised} imports.`);
process.exitCode = blind.length === 0 && violations.length === 0 ? 0 : 1;
