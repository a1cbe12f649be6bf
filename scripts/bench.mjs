// npm run bench: measures this checkout beside its rivals. Builds it first, and installs them when they are not there.
// Arguments after `--` go to bench/run.mjs.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ready, root } from './ready.mjs';
import { installRivals } from './rivals.mjs';

ready();
if (!process.argv.includes('--help')) {
  await import('./build.mjs');
  // Some of them are there without it; the others are skipped, with the reason.
  if (!installRivals()) console.error('meerkat: that failed; measuring what is here');
}
const main = join(root, 'bench/run.mjs');
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
process.on('SIGINT', () => {}); // Ctrl-C reaches it as well: let it end what it started
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
