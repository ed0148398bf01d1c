/**
 * Who may import whom. The table stands in ARCHITECTURE.md; `npm run check:layers` holds it, and checks that the modules
 * were really read. Types count like values, except in cycles, which only values can close.
 */
const ours = '^(supervisor|workers|web|cli|test|bench|examples)/';

/** @returns a rule by which `from` may import of our own files only `allowed` */
function only(name, comment, from, allowed) {
  return { name, comment, severity: 'error', from: { path: from }, to: { path: ours, pathNot: allowed } };
}

/** @returns a rule by which only `folder` knows a package */
function home(name, folder) {
  return {
    name: `${name}-has-one-home`,
    comment: `${name} is known to ${folder} alone.`,
    severity: 'error',
    from: { path: '^(supervisor|workers|web|cli)/', pathNot: folder },
    to: { path: `^node_modules/${name}/` },
  };
}

module.exports = {
  forbidden: [
    only(
      'core-knows-itself',
      'The core is pure: no disk, no clock, no chance, none of our other parts but the shapes of the library.',
      '^supervisor/core/',
      ['^supervisor/core/', '^workers/library-contract[.]ts$'],
    ),
    {
      name: 'core-is-pure',
      comment: 'Of Node and of packages the core knows hashing, zod and, in one file, cron-parser.',
      severity: 'error',
      from: { path: '^supervisor/core/' },
      to: {
        dependencyTypesNot: ['local'],
        pathNot: ['^supervisor/core/', '^(node:)?(crypto|module)$', '^node_modules/(zod|cron-parser)/'],
      },
    },
    only(
      'parts-do-not-know-each-other',
      'Journal, history, intake, settings and the rest meet in main.ts.',
      '^supervisor/(journal|history|intake|notify)/',
      ['^supervisor/$1/', '^supervisor/core/', '^supervisor/(clock|looks)[.]ts$'],
    ),
    only(
      'settings-know-grammars',
      'As the other parts, and the grammar of LIBRARY_LAYOUT, which workers read too.',
      '^supervisor/settings/',
      [
        '^supervisor/settings/',
        '^supervisor/core/',
        '^supervisor/(clock|looks)[.]ts$',
        '^workers/catalog/layout-text[.]ts$',
      ],
    ),
    only(
      'dispatch-speaks-to-workers-by-contract',
      'Dispatch knows the contract of the workers, and how a process is started and ended, not the workers.',
      '^supervisor/dispatch/',
      [
        '^supervisor/dispatch/',
        '^supervisor/core/',
        '^supervisor/clock[.]ts$',
        '^workers/(contract|library-contract|launcher)[.]ts$',
      ],
    ),
    only(
      'facade-is-a-shape',
      'The public interface names shapes of the core and of the contract.',
      '^supervisor/((settings|schedules|runs|store|library)-)?facade[.]ts$',
      ['^supervisor/core/', '^supervisor/facade[.]ts$', '^workers/(library-)?contract[.]ts$'],
    ),
    only('clock-and-log-know-nothing', 'What everybody may import imports nobody.', '^supervisor/(clock|log)[.]ts$', [
      '^supervisor/core/',
    ]),
    only(
      'supervisor-does-not-know-its-users',
      'The command line is above the supervisor.',
      '^supervisor/(?!main[.]ts|dispatch/|queue/)',
      [
        '^supervisor/(?!queue/)',
        '^workers/(contract|library-contract|built-in|handler-names)[.]ts$',
        '^workers/catalog/layout-text[.]ts$',
      ],
    ),
    only(
      'queue-is-a-supervisor-without-workers',
      'The library is made of the parts of the supervisor; how an attempt ends it has from who performs attempts.',
      '^supervisor/queue/',
      [
        '^supervisor/queue/',
        '^supervisor/(core|journal|history)/',
        '^supervisor/(boot|clock|facade|health|health-reports|last-incarnation|orphans)[.]ts$',
        '^supervisor/(open-records|package-version|past-runs|recorder|replay|retry-desk|start-fault|store-desk|supervisor|timekeeper)[.]ts$',
        '^supervisor/settings/grammars[.]ts$',
        '^workers/outcome[.]ts$',
      ],
    ),
    only('web-asks-the-facade', 'The console reaches the supervisor by its facade.', '^web/', [
      '^web/',
      '^supervisor/core/',
      '^supervisor/(((settings|schedules|runs|store|library)-)?facade|clock)[.]ts$',
      '^workers/(library-)?contract[.]ts$',
    ]),
    only(
      'client-runs-in-a-browser',
      'What is bundled for the browser takes shapes from the supervisor, and no file of the server but one that only reads text.',
      '^web/client/',
      [
        '^web/client/',
        '^web/json-mistake[.]ts$',
        '^supervisor/core/',
        '^supervisor/((settings|schedules|runs|store|library)-)?facade[.]ts$',
        '^workers/(library-)?contract[.]ts$',
      ],
    ),
    {
      name: 'client-without-node',
      comment: 'A browser has no Node.',
      severity: 'error',
      from: { path: '^web/client/' },
      to: { dependencyTypes: ['core'] },
    },
    only(
      'cli-speaks-http',
      'The command line speaks HTTP; only `start` loads the supervisor.',
      '^cli/(?!(start|handler|unpack-backup)[.]ts)',
      ['^cli/', '^supervisor/core/'],
    ),
    only(
      'cli-handler-performs-one',
      '`handler test` performs an attempt itself, as a worker does.',
      '^cli/handler[.]ts$',
      ['^cli/', '^supervisor/core/', '^workers/testing[.]ts$'],
    ),
    only(
      'cli-restore-reads-archives',
      '`restore` reads the archives that a worker writes.',
      '^cli/unpack-backup[.]ts$',
      ['^cli/', '^workers/archive/tar-read[.]ts$'],
    ),
    only('cli-start-loads-the-supervisor', 'And `start` loads nothing else of it.', '^cli/start[.]ts$', [
      '^cli/',
      '^supervisor/core/',
      '^supervisor/(main|stop-wish)[.]ts$',
    ]),
    only('workers-know-themselves', 'A worker thread loads nothing of the supervisor.', '^workers/', ['^workers/']),
    {
      name: 'nobody-imports-main',
      comment: 'main.ts is where everything meets; who imports it ties himself to all of it.',
      severity: 'error',
      from: { pathNot: ['^cli/start[.]ts$', '^(test|bench)/'] },
      to: { path: '^supervisor/main[.]ts$' },
    },
    {
      name: 'product-without-tests',
      comment: 'What is shipped does not need what tests it.',
      severity: 'error',
      from: { path: '^(supervisor|workers|web|cli)/' },
      to: { path: '^(test|bench|examples)/' },
    },
    {
      name: 'product-without-dev-packages',
      comment:
        'A package that is there for development only is missing where Nightshift is installed. The client is bundled before.',
      severity: 'error',
      from: { path: '^(supervisor|workers|web|cli)/', pathNot: ['^web/client/', '^web/bundle[.]ts$'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'packages-are-listed',
      comment: 'Not in package.json, or not to be found.',
      severity: 'error',
      from: {},
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        pathNot: '^nightshift/handler$',
      },
    },
    {
      name: 'found',
      comment: 'The file it names is not there.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycles',
      comment: 'Values that need each other cannot be read one after the other.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    home('koa', '^web/'),
    home('@koa', '^web/'),
    home('prom-client', '^web/'),
    home('zod-openapi', '^web/'),
    home('piscina', '^supervisor/dispatch/'),
    home('chokidar', '^supervisor/(intake/|settings/watch-env[.]ts$|handlers/watch-handlers[.]ts$|watched-path[.]ts$)'),
    home('lowdb', '^supervisor/settings/'),
    home('yaml', '^supervisor/intake/'),
    home('pino', '^supervisor/(log|main)[.]ts$'),
    home('undici', '^workers/'),
    home('picomatch', '^workers/archive/'),
    home('commander', '^cli/'),
    home('cron-parser', '^supervisor/core/schedule/cron[.]ts$'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // These stand for what people write elsewhere: they import us by our name, as a package.
    exclude: {
      path: ['^(build|[.]build-[^/]+|node_modules/[.]cache)/', '^test/fixtures/', '^examples/(handlers|queue)/'],
    },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
  },
};
