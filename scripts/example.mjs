// npm run example NAME [ARGUMENTS]: runs examples/NAME.ts from the sources of this checkout.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fail, node, ready, root } from './ready.mjs';

const [name = '', ...args] = process.argv.slice(2);
const file = `examples/${name.replace(/\.ts$/, '')}.ts`;
if (!existsSync(join(root, file))) fail(`there is no ${file}`);
ready();
process.on('SIGINT', () => {}); // Ctrl-C reaches the example as well: let it end by itself
node(file, args, ['--import', 'tsx', '--conditions=meerkat-source']);
