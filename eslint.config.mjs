// The rules of the house: types strictly checked, and walls between the worlds (ARCHITECTURE.md has the table).
import eslint from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const worlds = ['protocol', 'dataset', 'runs', 'inputs', 'trainer', 'extension', 'webview'];

/** One folder asks the network, when it is told to: trainer/hub/. */
const network = ['node:http', 'node:https', 'node:net', 'node:tls', '@huggingface/hub'];

/** What each world may import: other worlds by name, packages by pattern. */
const walls = {
  protocol: { worlds: [], forbidden: ['node:*', 'vscode', 'lit', 'lit/*', '@vscode/*', '@tensorflow/*', 'chokidar'] },
  dataset: { worlds: ['protocol'], forbidden: [...network, 'vscode', 'lit', 'lit/*', '@vscode/*', '@tensorflow/*', 'chokidar'] },
  runs: { worlds: ['protocol'], forbidden: [...network, 'vscode', 'lit', 'lit/*', '@vscode/*', '@tensorflow/*', 'chokidar'] },
  inputs: {
    worlds: ['protocol', 'dataset'],
    forbidden: [...network, 'vscode', 'lit', 'lit/*', '@vscode/*', '@tensorflow/*', 'chokidar'],
  },
  trainer: { worlds: ['protocol', 'dataset', 'runs', 'inputs'], forbidden: ['vscode', 'lit', 'lit/*', '@vscode/*', 'chokidar'] },
  extension: {
    worlds: ['protocol', 'dataset', 'runs', 'inputs'],
    forbidden: [...network, 'lit', 'lit/*', '@vscode/*', '@tensorflow/*'],
  },
  webview: { worlds: ['protocol'], forbidden: ['node:*', 'vscode', '@tensorflow/*', 'chokidar'] },
};

const focusedTest = {
  selector: "MemberExpression[object.name=/^(it|describe)$/][property.name='only']",
  message: 'A focused test hides the others.',
};
/** All files of a layer run in one process: a backend set here was once what every test of the trainer ran on. */
const hookOfAll = {
  selector: 'Program > ExpressionStatement > CallExpression[callee.name=/^(beforeEach|afterEach)$/]',
  message: 'This would run around the tests of every file. Put it into each describe.',
};

const wallOf = ([world, { worlds: allowed, forbidden }]) => ({
  files: [`${world}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: forbidden, message: `${world}/ must not import this (ARCHITECTURE.md, worlds).` },
          ...worlds
            .filter((other) => other !== world && !allowed.includes(other))
            .map((other) => ({
              regex: `^(\\.\\./)+${other}(/|$)`,
              message: `${world}/ must not import ${other}/ (ARCHITECTURE.md, worlds).`,
            })),
        ],
      },
    ],
  },
});

export default defineConfig(
  globalIgnores(['dist/', 'out/', 'node_modules/', 'trainer/backends/wasm/kernels/', 'models/', 'templates/', '**/*.cjs']),
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': ['error', { ignorePrimitives: { string: true } }], // an empty string often means none
      '@typescript-eslint/no-confusing-void-expression': 'off', // `return stop();` in a function without a result reads well
      'max-lines': ['error', { max: 500, skipComments: true, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 100, skipComments: true, skipBlankLines: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  ...Object.entries(walls).map(wallOf),
  {
    files: worlds.map((world) => `${world}/**/*.ts`),
    ignores: ['trainer/hub/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'Only trainer/hub/ asks the network (ARCHITECTURE.md, invariants).' },
      ],
    },
  },
  {
    files: ['trainer/**/*.ts'],
    ignores: ['trainer/tensors.ts', 'trainer/backends/webgpu/backend.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@tensorflow/*'],
              message: 'Import tensors from trainer/tensors.ts, the one file that names the packages.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['trainer/**/*.ts'],
    ignores: ['trainer/ops/nf4.ts'], // it reads back what it was given, which no backend has moved yet
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(dataSync|arraySync)$/]',
          message: 'A GPU cannot be read without waiting: `await tensor.data()`.',
        },
      ],
    },
  },
  {
    files: ['webview/**/*.ts'],
    ignores: ['webview/toolkit.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@vscode/webview-ui-toolkit*'], message: 'Only toolkit.ts imports the toolkit; it must stay replaceable.' },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-syntax': ['error', focusedTest],
    },
  },
  {
    files: ['test/**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', focusedTest, hookOfAll] },
  },
  { files: ['**/*.d.ts'], rules: { '@typescript-eslint/no-extraneous-class': 'off' } },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        fetch: 'readonly',
        performance: 'readonly',
      },
    },
  },
);
