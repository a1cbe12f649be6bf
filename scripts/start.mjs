// npm start: installs, builds, serves examples/public. Arguments after `--` go to `meerkat serve`.
import { join } from 'node:path';
import { root } from './ready.mjs';
import './build.mjs';

const main = join(root, 'packages/cli/bin/meerkat.js');
process.argv = [
  process.argv[0],
  main,
  'serve',
  join(root, 'examples/public'),
  ...process.argv.slice(2),
];
await import(new URL('../packages/cli/bin/meerkat.js', import.meta.url).href);
