// npm run fuzz: looks for inputs that break what always holds, in the sources of this checkout. Arguments after `--` go to it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ready, root } from './ready.mjs';

ready();
if (process.argv.includes('--help')) {
  const { tsImport } = await import('tsx/esm/api');
  const { USAGE } = await tsImport('../fuzz/options.ts', import.meta.url);
  process.stdout.write(USAGE);
  process.exit();
}
const flags = ['--import', 'tsx', '--conditions=meerkat-source'];
const main = join(root, 'fuzz', 'main.ts');
const child = spawn(process.execPath, [...flags, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.on('SIGINT', () => {}); // Ctrl-C reaches it as well: let it end by itself
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
