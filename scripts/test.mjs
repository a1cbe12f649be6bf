// npm test: sets up what the tests need, then runs all of them on this one Node. Arguments go to Vitest.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { node, ready } from './ready.mjs';

/** Programs that some tests speak to, by the Debian package that has them, and whether they are here. */
const PROGRAMS = {
  chromium: () => existsSync(process.env.MEERKAT_CHROMIUM ?? '/usr/bin/chromium'),
  'nginx-light': () => existsSync(process.env.MEERKAT_NGINX ?? '/usr/sbin/nginx'),
  // It makes pseudo-terminals.
  python3: () => spawnSync('python3', ['-c', 'import pty, termios']).status === 0,
};

/** Installs what is missing from Debian, where we may; elsewhere the tests say how to get it. */
function installPrograms() {
  const packages = Object.keys(PROGRAMS).filter((name) => !PROGRAMS[name]());
  const debian = existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
  if (packages.length === 0 || !debian || process.getuid?.() !== 0) return;
  console.error(`meerkat: installing Debian's ${packages.join(' and ')} for the tests (once)`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) =>
    spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env }).status === 0;
  const installed =
    apt('update', '-qq') && apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
  if (!installed) console.error(`meerkat: ${packages.join(' and ')} could not be installed`);
}

ready();
installPrograms();
node('node_modules/vitest/vitest.mjs', ['run', ...process.argv.slice(2)]);
