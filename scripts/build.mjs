// Compiles the packages into their dist folders.
import { node, ready } from './ready.mjs';

export function build() {
  node('node_modules/typescript/bin/tsc', [
    '-b',
    'packages/meerkat',
    'packages/conformance',
    'packages/cli',
  ]);
}

ready();
build();
