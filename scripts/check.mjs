// npm run check: everything about the code that needs no running server. Each step is named before it runs.
import { node, ready } from './ready.mjs';

ready();

const steps = [
  ['types', 'node_modules/typescript/bin/tsc', ['-p', 'tsconfig.json']],
  ['types: the examples', 'node_modules/typescript/bin/tsc', ['-p', 'examples']],
  [
    'types: the protocol alone, without Node or DOM',
    'node_modules/typescript/bin/tsc',
    ['-p', 'tsconfig.protocol.json'],
  ],
  ['types: the scripts of pages', 'node_modules/typescript/bin/tsc', ['-p', 'tsconfig.page.json']],
  ['format, lint, import order, cycles', 'node_modules/@biomejs/biome/bin/biome', ['ci', '.']],
  [
    'promises and switches',
    'node_modules/oxlint/bin/oxlint',
    ['--type-aware', '--deny-warnings', '.'],
  ],
  ['dead code', 'node_modules/knip/bin/knip.js', []],
  [
    'build',
    'node_modules/typescript/bin/tsc',
    ['-b', 'packages/meerkat', 'packages/conformance', 'packages/cli'],
  ],
  ['package exports: publint', 'node_modules/publint/src/cli.js', ['packages/meerkat', '--strict']],
  [
    'package exports: publint',
    'node_modules/publint/src/cli.js',
    ['packages/conformance', '--strict'],
  ],
  ['package exports: publint', 'node_modules/publint/src/cli.js', ['packages/cli', '--strict']],
  [
    'package exports: types resolve',
    'node_modules/@arethetypeswrong/cli/dist/index.js',
    ['--pack', 'packages/meerkat', '--profile', 'esm-only', '--quiet'],
  ],
  [
    'package exports: types resolve',
    'node_modules/@arethetypeswrong/cli/dist/index.js',
    ['--pack', 'packages/conformance', '--profile', 'esm-only', '--quiet'],
  ],
  ['layer table', 'node_modules/vitest/vitest.mjs', ['run', 'test/package/layers.test.ts']],
];

for (const [name, file, args] of steps) {
  console.log(`\n--- ${name}`);
  node(file, args);
}
console.log('\ncheck: all green');
