// npm test: sets up what the tests need, then runs all of them on this one Node. Arguments go to Vitest.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { node, ready } from './ready.mjs';

/** Programs that some tests speak to: the browser of the page's tests, the proxy of the one behind a proxy. */
const PROGRAMS = [
  { name: 'chromium', package: 'chromium', file: '/usr/bin/chromium', env: 'MEERKAT_CHROMIUM' },
  { name: 'nginx', package: 'nginx-light', file: '/usr/sbin/nginx', env: 'MEERKAT_NGINX' },
];

/** Installs what is missing from Debian, where we may; elsewhere the tests say how to get it. */
function installPrograms() {
  const missing = PROGRAMS.filter(
    ({ file, env }) => process.env[env] === undefined && !existsSync(file),
  );
  const debian = existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
  if (missing.length === 0 || !debian || process.getuid?.() !== 0) return;
  const packages = missing.map((program) => program.package);
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
