// npm run soak: many clients of all kinds on one server, for minutes, on the built packages. Arguments after `--` go to it.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ready, root } from './ready.mjs';

ready();
build();
const flags = ['--import', join(root, 'test/support/from-source.mjs')];
const main = join(root, 'test/soak/main.ts');
const child = spawn(process.execPath, [...flags, main, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.on('SIGINT', () => {}); // Ctrl-C reaches it as well: let it end what it started
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
