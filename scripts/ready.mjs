// Makes a checkout ready to run: installs what package-lock.json names when that has not been done yet.
// Built-in modules only, since nothing is installed yet when this runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const FLOOR = [20, 19];

/** Runs a program in the root of the checkout and ends this process when it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    ...options,
  });
  if (error !== undefined) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) {
    process.exit(status ?? (signal === null ? 1 : 130));
  }
}

/** Runs a JavaScript file of the checkout on this same Node. */
export function node(file, args) {
  run(process.execPath, [join(root, file), ...args]);
}

export function fail(message) {
  console.error(`meerkat: ${message}`);
  process.exit(1);
}

export function ready() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < FLOOR[0] || (major === FLOOR[0] && minor < FLOOR[1])) {
    fail(`needs Node ${FLOOR.join('.')} or newer; this is ${process.version}`);
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const mark = join(root, 'node_modules', '.meerkat-lock');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  console.error('meerkat: installing dependencies (once, about half a minute)');
  // --include=dev: NODE_ENV=production would leave the compiler out.
  // npm's own chatter goes to stderr, so that standard output belongs to the command that follows.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  run(npm, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  writeFileSync(mark, lock);
}
