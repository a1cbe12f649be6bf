// npm test: sets up what the tests need, then runs all of them on this one Node. Arguments go to Vitest.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { node, ready } from './ready.mjs';

/** Debian's chromium for the browser tests, where we may install it; else those tests say how to get it. */
function installBrowser() {
  if (process.env.MEERKAT_CHROMIUM !== undefined || existsSync('/usr/bin/chromium')) return;
  const debian = existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
  if (!debian || process.getuid?.() !== 0) return;
  console.error("meerkat: installing Debian's chromium for the browser tests (once)");
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env }).status === 0;
  const installed =
    apt('update', '-qq') && apt('install', '-y', '-qq', '--no-install-recommends', 'chromium');
  if (!installed) console.error('meerkat: chromium could not be installed');
}

ready();
installBrowser();
node('node_modules/vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
