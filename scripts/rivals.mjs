// node scripts/rivals.mjs: installs what bench/package.json names, when it is not there: the libraries that meerkat is
// compared with, and further runtimes.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './ready.mjs';

const folder = join(root, 'bench');
const packagesIn = (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;

/** Whether everything is there in the versions of bench/package-lock.json, packages for other platforms aside. */
function installed() {
  if (!existsSync(join(folder, 'node_modules/.package-lock.json'))) return false;
  const present = packagesIn('node_modules/.package-lock.json');
  return Object.entries(packagesIn('package-lock.json'))
    .filter(([path, { optional }]) => path !== '' && optional !== true)
    .every(([path, { version }]) => present[path]?.version === version);
}

/** Installs the rivals. Returns whether they are there. */
export function installRivals() {
  if (installed()) return true;
  console.error(
    'meerkat: installing what it is compared with, runtimes too (once, about half a minute)',
  );
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(npm, args, {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  return status === 0;
}

if (import.meta.filename === process.argv[1]) process.exitCode = installRivals() ? 0 : 1;
