// npm run example NAME [ARGUMENTS]: runs examples/NAME.ts from the sources of this checkout.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ready, root } from './ready.mjs';

const [name = '', ...args] = process.argv.slice(2);
const file = join(root, 'examples', `${name.replace(/\.ts$/, '')}.ts`);
if (name === '' || !existsSync(file)) {
  const names = readdirSync(join(root, 'examples')).filter((entry) => entry.endsWith('.ts'));
  fail(`npm run example NAME: one of ${names.map((entry) => entry.slice(0, -3)).join(', ')}`);
}
ready();
const flags = ['--import', 'tsx', '--conditions=meerkat-source'];
const child = spawn(process.execPath, [...flags, file, ...args], { cwd: root, stdio: 'inherit' });
process.on('SIGINT', () => {}); // Ctrl-C reaches the example as well: let it end by itself
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
