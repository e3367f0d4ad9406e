/** The house rules of docs/decisions/0001-the-house.md, as dependency-cruiser checks them. */
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const outside = (...folders) => folders.map((f) => `^src/${f}`);

module.exports = {
  forbidden: [
    rule('no-cycles', 'files must not import each other in a loop', {}, { circular: true }),
    rule(
      'platform-is-ground',
      'platform imports nothing of ours',
      { path: '^src/platform' },
      { path: '^src/(?!platform)' },
    ),
    rule('core-knows-no-door', 'core imports platform only', { path: '^src/core' }, { path: '^src/(?!core|platform)' }),
    rule(
      'storage-implements-core',
      'storage imports core and platform only',
      { path: '^src/storage' },
      { path: '^src/(?!storage|core|platform)' },
    ),
    rule(
      'sources-implement-core',
      'sources of persons import core, platform and their own files',
      { path: '^src/sources' },
      { path: '^src/(?!sources|core|platform)' },
    ),
    rule(
      'doors-stand-alone',
      'a door imports core, platform and its own files',
      { path: '^src/doors/([^/]+)' },
      {
        path: '^src/(?!core|platform)',
        pathNot: '^src/doors/$1/',
      },
    ),
    rule(
      'only-main-wires',
      'only src/main.ts and src/main/ import storage, sms, sources and doors',
      { path: '^src', pathNot: ['^src/main(\\.ts$|/)', ...outside('storage', 'sms', 'sources', 'doors')] },
      {
        path: '^src/(storage|sms|sources|doors)',
      },
    ),
    rule('cli-is-the-roof', 'nothing imports cli', { path: '^src', pathNot: '^src/cli' }, { path: '^src/cli' }),
    rule(
      'hot-path-is-bare',
      'the hot path imports node:, its door and platform, no package',
      {
        path: '^src/(doors/sip/(message|transport)|platform/radius)',
        // What UDP does not load.
        pathNot: '^src/doors/sip/transport/web-socket(-connection)?\\.ts$',
      },
      { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'] },
    ),
    rule('resolvable', 'an import must lead somewhere', {}, { couldNotResolve: true }),
    rule(
      'no-dev-packages',
      'the product uses no development package',
      { path: '^src', pathNot: '\\.test\\.ts$' },
      { dependencyTypes: ['npm-dev'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.test\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      extensions: ['.ts', '.js'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
