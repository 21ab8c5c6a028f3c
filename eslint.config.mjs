import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** Imports go one way: main → http, gateway → engine → machines; session and config stand beside them. */
const zones = [
  { target: './machines', from: './src', message: 'machines/ imports only xstate and itself' },
  ...[
    ['engine', ['config', 'session', 'gateway', 'http', 'metrics', 'inspect']],
    ['session', ['engine', 'gateway', 'http', 'config', 'metrics', 'inspect']],
    ['config', ['engine', 'session', 'gateway', 'http', 'metrics', 'inspect']],
    ['gateway', ['http', 'metrics', 'inspect']],
    ['inspect', ['config', 'session', 'gateway', 'metrics']],
    ['simulate', ['session', 'gateway', 'http', 'inspect']],
    ['logging', ['engine', 'config', 'session', 'gateway', 'http', 'metrics', 'inspect']],
  ].map(([folder, others]) => ({
    target: `./src/${folder}`,
    from: [...others, 'cli', 'main.ts', 'demo.ts', 'vmcp.ts'].map((other) => `./src/${other}`),
    message: `src/${folder} may not know of it: see Layout in README`,
  })),
];

/** Each third-party package enters through as few doors as it can. */
const door = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: patterns.map((group) => ({ group: [group] })) }] },
});

/** Packages that only these files know of. */
const DOORS = {
  'prom-client': ['src/metrics/series.ts'],
  '@opentelemetry/api': ['src/metrics/open-telemetry.ts'],
  jose: ['src/http/auth/*.ts'],
  ws: ['src/inspect/relay.ts'],
};
// Another rule than that of `door`, which it would replace.
const closed = (files, paths) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { paths }] },
});

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules', 'reports'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { typescript: true, node: true } },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  door(['machines/**/*.ts'], ['node:*', 'zod', 'pino', '@modelcontextprotocol/*', 'js-yaml', 'commander']),
  door(['src/engine/**/*.ts'], ['zod', 'pino', '@modelcontextprotocol/*', 'js-yaml', 'commander']),
  door(
    ['src/session/**/*.ts'],
    ['xstate', 'zod', 'pino', '@modelcontextprotocol/sdk/server/*', 'js-yaml', 'commander'],
  ),
  door(['src/config/**/*.ts'], ['xstate', 'pino', '@modelcontextprotocol/*', 'commander']),
  door(
    ['src/gateway/**/*.ts'],
    ['xstate', 'zod', 'pino', '@modelcontextprotocol/sdk/client/*', 'js-yaml', 'commander'],
  ),
  door(['src/http/**/*.ts'], ['xstate', 'zod', '@modelcontextprotocol/*', 'js-yaml', 'commander']),
  closed(['src/**/*.ts', 'machines/**/*.ts'], Object.keys(DOORS)),
  ...Object.entries(DOORS).map(([own, files]) =>
    closed(
      files,
      Object.keys(DOORS).filter((other) => other !== own),
    ),
  ),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  // What runs in a browser: `tsc -p` in its folder checks its types.
  {
    files: ['**/*.mjs', 'src/http/live/page/*.js', 'src/inspect/page/*.js'],
    ...tseslint.configs.disableTypeChecked,
  },
);
